import { mysqlBatches } from './mysql-tables.js';
import type { SchemaStep } from './schema-step.js';

const nothing = (): string[] => [];

/**
 * On MariaDB and MySQL plain runs that one claim made lie together in a row of `claimed_batches`; `open_runs` shows all that are
 * unsettled. The first step makes such tables by now: this one is for those that it made before.
 */
export const carillonBatches: SchemaStep = {
  name: 'CarillonBatches1763760000000',
  timestamp: 1763760000000,
  up: { 'better-sqlite3': nothing, postgres: nothing, mysql: mysqlBatches, mariadb: mysqlBatches },
  down: { 'better-sqlite3': nothing, postgres: nothing, mysql: nothing, mariadb: nothing },
};
