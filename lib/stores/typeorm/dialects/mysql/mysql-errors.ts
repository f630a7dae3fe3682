import {
  SchemaMissingError,
  StatementTooLongError,
  StoreBusyError,
  StoreClosedError,
  StoreFullError,
  StorePermissionError,
  StoreQueryError,
  StoreUnreachableError,
} from '../../errors.js';
import type { Blamed, Trouble } from '../server/link.js';
import { BeatenError } from './beaten-error.js';

interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly fatal?: unknown;
  readonly driverError?: unknown;
}

/** The server's number of the error; 0: it is none of the server's. TypeORM's wrapping is seen through. */
export function numberOf(error: unknown): number {
  const { errno, driverError } = (error ?? {}) as DriverError;
  if (typeof errno === 'number' && errno > 0) return errno;
  return driverError === undefined ? 0 : numberOf(driverError);
}

/** The code of a system error or of the driver; the server's errors have one too (`ER_…`). */
function codeOf(error: unknown): string {
  const { code, driverError } = (error ?? {}) as DriverError;
  if (typeof code === 'string') return code;
  return driverError === undefined ? '' : codeOf(driverError);
}

/**
 * Deadlock and lock wait time-out (P27), a key that somebody else wrote first, a row or a table that changed since it was
 * read.
 */
const CONFLICTS = new Set([1213, 1205, 1062, 1020, 1412]);

/**
 * Too many connections (of the server, of the user), shutdown, statement or connection killed, the connection was idle for
 * too long.
 */
const CUTS = new Set([1040, 1203, 1226, 1053, 1152, 1317, 1927, 4031]);

const CUT_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN|PROTOCOL_|HANDSHAKE_)/;
const CUT_MESSAGE = /closed state|Connection lost|write after end|socket has been ended/;

export function troubleOf(error: unknown): Trouble {
  if (error instanceof BeatenError) return 'conflict';
  const number = numberOf(error);
  if (CONFLICTS.has(number)) return 'conflict';
  if (CUTS.has(number)) return 'cut';
  if (CUT_CODES.test(codeOf(error))) return 'cut';
  return number === 0 && CUT_MESSAGE.test(messageOf(error)) ? 'cut' : null;
}

const CODE_PROBLEMS: readonly (readonly [code: RegExp, problem: string])[] = [
  [/^ECONNREFUSED/, 'nothing listens there. Check host and port, and that the server runs.'],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'the host name is not known. Check the host.'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/, 'it cannot be reached. Check host, port and firewall.'],
];

const NO_CONNECTION_LEFT = 'it has no connection left. Raise max_connections, or lower the pools of the applications.';

const REFUSES_USER = 'the server refuses user name or password. Check both.';

const PROBLEMS: Readonly<Record<number, string>> = {
  1040: NO_CONNECTION_LEFT,
  1203: NO_CONNECTION_LEFT,
  1226: NO_CONNECTION_LEFT,
  1045: REFUSES_USER,
  1698: REFUSES_USER,
  1049: 'that database does not exist. Check its name, or create it.',
  1046: 'no database is named. Give "database" (or the path of the URL).',
  1053: 'the server is shutting down; it is asked again.',
};

const GRANTS =
  'Grant the user of this connection CREATE and CREATE VIEW on the database for the first start (or run carillonMigrations() ' +
  'as another user), and SELECT, INSERT, UPDATE and DELETE on the tables.';

/** Access to a database, a table, a column, or a right of the server refused. */
const REFUSED = new Set([1044, 1142, 1143, 1227, 1370]);

/** No such table or column. */
const MISSING = new Set([1146, 1054]);

/** A table, a file or the disk is full. */
const FULL = new Set([1114, 1021, 28]);

/** Lock wait, deadlock, and a statement that took longer than its limit. */
const BUSY = new Set([1205, 1213, 1969, 3024]);

/** An error that says what to do; one that does not come from the database is passed on as it is. */
export function explained(error: unknown, { store, place }: Blamed): unknown {
  if (error instanceof StatementTooLongError) return error;
  const number = numberOf(error);
  const options = { cause: error };
  const problem = PROBLEMS[number] ?? CODE_PROBLEMS.find(([start]) => start.test(codeOf(error)))?.[1];
  if (problem !== undefined) return new StoreUnreachableError(store, place, problem, options);
  if (/Pool is closed/.test(messageOf(error))) return new StoreClosedError(store);
  if (troubleOf(error) === 'cut') {
    return new StoreUnreachableError(store, place, `${messageOf(error)}; it is asked again.`, options);
  }
  if (FULL.has(number)) return new StoreFullError(store, place, options);
  if (BUSY.has(number) || error instanceof BeatenError) return new StoreBusyError(store, place, 0, options);
  if (REFUSED.has(number)) return new StorePermissionError(store, place, `${messageOf(error)}. ${GRANTS}`, options);
  if (MISSING.has(number)) return new SchemaMissingError(store, [messageOf(error)], options);
  return number > 0 ? new StoreQueryError(store, place, options) : error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String((error as { message?: unknown } | null)?.message ?? error);
}
