import { mysqlStamps, mysqlWithoutStamps } from './mysql-tables.js';
import type { SchemaStep } from './schema-step.js';

const nothing = (): string[] => [];

/**
 * On MariaDB and MySQL the row by which a transaction is asked after says whose it is, and so does that of a withdrawal: their
 * numbers may be given out again after a crash of the server.
 */
export const rowStamps: SchemaStep = {
  name: 'CarillonRowStamps1763950000000',
  timestamp: 1763950000000,
  up: { 'better-sqlite3': nothing, postgres: nothing, mysql: mysqlStamps, mariadb: mysqlStamps },
  down: {
    'better-sqlite3': nothing,
    postgres: nothing,
    mysql: mysqlWithoutStamps,
    mariadb: mysqlWithoutStamps,
  },
};
