import { mysqlOvertaken, mysqlWithoutOvertaken } from './mysql-tables.js';
import { quotedSchema } from './postgres-tables.js';
import type { SchemaStep } from './schema-step.js';

/**
 * Of a job that keeps no history: the latest fire time for which the plan made a run while there was an earlier one. A withdrawal
 * of the earlier one does not go back past it.
 */
export const overtakenRuns: SchemaStep = {
  name: 'CarillonOvertakenRuns1763850000000',
  timestamp: 1763850000000,
  up: {
    'better-sqlite3': (p) => [`ALTER TABLE ${p}jobs ADD COLUMN overtaken_by INTEGER`],
    postgres: (p, schema) => [`ALTER TABLE ${quotedSchema(schema)}${p}jobs ADD COLUMN overtaken_by bigint`],
    mysql: mysqlOvertaken,
    mariadb: mysqlOvertaken,
  },
  down: {
    'better-sqlite3': (p) => [`ALTER TABLE ${p}jobs DROP COLUMN overtaken_by`],
    postgres: (p, schema) => [`ALTER TABLE ${quotedSchema(schema)}${p}jobs DROP COLUMN overtaken_by`],
    mysql: mysqlWithoutOvertaken,
    mariadb: mysqlWithoutOvertaken,
  },
};
