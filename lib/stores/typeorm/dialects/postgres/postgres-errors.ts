import {
  SchemaMissingError,
  StoreBusyError,
  StoreClosedError,
  StoreFullError,
  StorePermissionError,
  StoreQueryError,
  StoreUnreachableError,
} from '../../errors.js';
import type { Blamed, Trouble } from '../server/link.js';
import { isPlanMistaken } from './kept-plans.js';

/** The transaction whose commit is in doubt is not over yet on the server. */
export class StillUnderWay extends Error {}

/** The driver's code: SQLSTATE, or the code of a system error; TypeORM's wrapping is seen through. */
export function codeOf(error: unknown): string {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string') return code;
  return driverError === undefined ? '' : codeOf(driverError);
}

/** serialization_failure, deadlock_detected, unique_violation (somebody else was first), division_by_zero (our own guards). */
const CONFLICTS = new Set(['40001', '40P01', '23505', '22012']);

/** Of a system error or of the server: the connection is gone or could not be had. */
const CUT_CODES = /^(08|57P0[1-3]|25P0[34]|53300|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN)/;

const CUT_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded when trying to connect|Query read timeout|connection is insecure)/;

export function troubleOf(error: unknown): Trouble {
  if (error instanceof StillUnderWay) return 'conflict';
  const code = codeOf(error);
  if (CONFLICTS.has(code) || isPlanMistaken(code)) return 'conflict';
  if (CUT_CODES.test(code)) return 'cut';
  return CUT_MESSAGE.test(messageOf(error)) ? 'cut' : null;
}

const CONNECT_PROBLEMS: readonly (readonly [code: RegExp, problem: string])[] = [
  [/^ECONNREFUSED/, 'nothing listens there. Check host and port, and that the server runs.'],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'the host name is not known. Check the host.'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/, 'it cannot be reached. Check host, port and firewall.'],
  [/^28/, 'the server refuses user name or password. Check both.'],
  [/^3D000/, 'that database does not exist. Check its name, or create it.'],
  [/^53300/, 'it has no connection left. Raise max_connections, or lower the pools of the applications.'],
  [/^57P03/, 'the server is starting up or shutting down; it is asked again.'],
  [/^57P01/, 'the server ended the connection (a restart, or an administrator); it is asked again.'],
];

const GRANTS =
  'Grant the user of this connection CREATE on the schema for the first start (or run carillonMigrations() as another ' +
  'user), and SELECT, INSERT, UPDATE and DELETE on the tables and USAGE on the sequence.';

/** An error that says what to do; one that does not come from the database is passed on as it is. */
export function explained(error: unknown, { store, place }: Blamed): unknown {
  const code = codeOf(error);
  const options = { cause: error };
  const problem = CONNECT_PROBLEMS.find(([start]) => start.test(code));
  if (problem !== undefined) return new StoreUnreachableError(store, place, problem[1], options);
  if (troubleOf(error) === 'cut') {
    return new StoreUnreachableError(store, place, `${messageOf(error)}; it is asked again.`, options);
  }
  if (code === '53100') return new StoreFullError(store, place, options);
  if (code === '55P03' || code === '57014' || /^40/.test(code)) return new StoreBusyError(store, place, 0, options);
  if (code === '42501') {
    return new StorePermissionError(store, place, `${messageOf(error)}. ${GRANTS}`, options);
  }
  if (/^(42P01|42703|3F000)$/.test(code)) return new SchemaMissingError(store, [messageOf(error)], options);
  if (/pool after calling end/.test(messageOf(error))) return new StoreClosedError(store);
  if (/^[0-9A-Z]{5}$/.test(code)) return new StoreQueryError(store, place, options);
  return error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String((error as { message?: unknown } | null)?.message ?? error);
}
