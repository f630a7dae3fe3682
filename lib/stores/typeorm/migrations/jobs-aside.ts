import { STATUS } from '../codes.js';
import { quotedSchema } from './postgres-tables.js';
import type { SchemaStep } from './schema-step.js';

const nothing = (): string[] => [];

/**
 * On PostgreSQL jobs that are set aside have an index: each start, and each minute of each node, asks for them among all others.
 * Others are not in it, so none of their changes writes to it.
 */
export const jobsAside: SchemaStep = {
  name: 'CarillonJobsAside1763900000000',
  timestamp: 1763900000000,
  up: {
    'better-sqlite3': nothing,
    postgres: (prefix, schema) => [
      `CREATE INDEX ${prefix}jobs_aside ON ${quotedSchema(schema)}${prefix}jobs (app_key) WHERE status > ${STATUS.finished}`,
    ],
    mysql: nothing,
    mariadb: nothing,
  },
  down: {
    'better-sqlite3': nothing,
    postgres: (prefix, schema) => [`DROP INDEX ${quotedSchema(schema)}${prefix}jobs_aside`],
    mysql: nothing,
    mariadb: nothing,
  },
};
