import type { Millis } from '../../../../core/index.js';
import { ServerTooOldError } from '../../errors.js';
import type { Statements } from '../server/link.js';

/** How long a transaction may stand still, and a statement may take, before the server ends it. */
const IDLE_LIMIT: Millis = 5_000;
const STATEMENT_LIMIT: Millis = 20_000;

/** How long the server keeps a connection on which nothing is asked; a day: the pool is small, and asks every second. */
const KEPT: Millis = 86_400_000;

/** What is known of the server. */
export interface MySqlServer {
  readonly isMariaDb: boolean;
  readonly longestPacket: number;
}

export const STAND_STILL_AT_MOST = `SET SESSION wait_timeout = ${IDLE_LIMIT / 1000}`;
export const STAND_AS_LONG_AS_IT_LIKES = `SET SESSION wait_timeout = ${KEPT / 1000}`;

/** @throws {ServerTooOldError} before MariaDB 10.6 and MySQL 8.0.19 */
export async function readServer(
  statements: Pick<Statements, 'query'>,
  { store, place }: { store: string; place: string },
): Promise<MySqlServer> {
  const { rows } = await statements.query('SELECT VERSION(), @@max_allowed_packet');
  const [version, longestPacket] = rows[0] as [string, number];
  const isMariaDb = /mariadb/i.test(version);
  const needed = isMariaDb ? [10, 6, 0] : [8, 0, 19];
  if (isBefore(version, needed)) {
    throw new ServerTooOldError(store, place, version, isMariaDb ? 'MariaDB 10.6' : 'MySQL 8.0.19');
  }
  return { isMariaDb, longestPacket };
}

function isBefore(version: string, needed: readonly number[]): boolean {
  // Some servers put 5.5.5- before their own version, for replicas of old.
  const parts = version
    .replace(/^5\.5\.5-/, '')
    .match(/\d+/g)!
    .map(Number);
  const at = needed.findIndex((part, index) => parts[index] !== part);
  return at >= 0 && parts[at] < needed[at];
}

/**
 * What a connection of the store's own is told once. Lists of keys are to stay lists: the server would make tables of long
 * ones, and lock by another way.
 */
export function sessionSettings(isMariaDb: boolean, busyTimeout: Millis): string[] {
  const own = isMariaDb
    ? `max_statement_time = ${STATEMENT_LIMIT / 1000}, in_predicate_conversion_threshold = 0`
    : `max_execution_time = ${STATEMENT_LIMIT}`;
  const wait = Math.max(1, Math.ceil(busyTimeout / 1000));
  return [
    `SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = ${wait}, ${own}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  ];
}
