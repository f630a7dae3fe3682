import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { UnsupportedDatabaseError } from '../errors.js';
import { DEFAULT_TABLE_PREFIX } from '../typeorm-store-options.js';
import { carillonBatches } from './carillon-batches.js';
import { carillonTables } from './carillon-tables.js';
import { claimedRanges } from './claimed-ranges.js';
import { overtakenRuns } from './overtaken-runs.js';
import { jobsAside } from './jobs-aside.js';
import { quotedSchema } from './postgres-tables.js';
import { rowStamps } from './row-stamps.js';
import type { SchemaStep, Statements } from './schema-step.js';

export type { SchemaStep } from './schema-step.js';
export { holdsMark, RANGED, RANGED_STATE, rangesOfRun, START_MARK } from './claimed-ranges.js';
export { quotedSchema, runsOfBatches } from './postgres-tables.js';
export { runsOfBatches as mysqlRunsOfBatches } from './mysql-tables.js';

/** Every step of the schema, oldest first. */
export const SCHEMA_STEPS: readonly SchemaStep[] = [
  carillonTables,
  carillonBatches,
  claimedRanges,
  overtakenRuns,
  jobsAside,
  rowStamps,
];

/** A migration as TypeORM takes it in `migrations` of a DataSource's options. */
export type CarillonMigration = new () => MigrationInterface;

/**
 * The schema as TypeORM migrations, for an application that runs them with its own. The store then finds its tables there
 * and changes nothing; `runMigrations: false` makes sure of it.
 *
 * @param tablePrefix as given to the store
 * @param schema as given to the store; default: the data source's own (PostgreSQL)
 * @example new DataSource({ …, migrations: [...carillonMigrations(), MyMigration1700000000000] })
 */
export function carillonMigrations(tablePrefix: string = DEFAULT_TABLE_PREFIX, schema?: string): CarillonMigration[] {
  return SCHEMA_STEPS.map((step) => migrationOf(step, tablePrefix, schema));
}

/** Where the store notes which steps were made, whoever made them. */
export function stepsTableOf(prefix: string, schema: string | null = null): string {
  return `${quotedSchema(schema)}${prefix}migrations`;
}

const STEPS_COLUMNS: Readonly<Record<string, string>> = {
  'better-sqlite3': 'id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, timestamp BIGINT NOT NULL, name VARCHAR NOT NULL',
  postgres: 'id SERIAL PRIMARY KEY, timestamp BIGINT NOT NULL, name VARCHAR NOT NULL',
  mysql: 'id INTEGER PRIMARY KEY AUTO_INCREMENT, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL',
  mariadb: 'id INTEGER PRIMARY KEY AUTO_INCREMENT, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL',
};

/** @param type TypeORM's type of the database */
export function createStepsTable(prefix: string, type = 'better-sqlite3', schema: string | null = null): string {
  return `CREATE TABLE IF NOT EXISTS ${stepsTableOf(prefix, schema)} (${STEPS_COLUMNS[type]})`;
}

/** Notes a step as made; the name and the timestamp are constants of ours. */
export function noteStep(step: SchemaStep, prefix: string, schema: string | null = null): string {
  return `INSERT INTO ${stepsTableOf(prefix, schema)} (timestamp, name) VALUES (${step.timestamp}, '${step.name}')`;
}

function migrationOf(step: SchemaStep, prefix: string, ownSchema?: string): CarillonMigration {
  return class implements MigrationInterface {
    readonly name = step.name;

    async up(queryRunner: QueryRunner): Promise<void> {
      const { type, schema } = placeOf(queryRunner, ownSchema);
      const statements = statementsFor(type, step.up)(prefix, schema);
      const all = [createStepsTable(prefix, type, schema), ...statements, noteStep(step, prefix, schema)];
      for (const statement of all) await queryRunner.query(statement);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      const { type, schema } = placeOf(queryRunner, ownSchema);
      const statements = statementsFor(type, step.down)(prefix, schema);
      const forget = `DELETE FROM ${stepsTableOf(prefix, schema)} WHERE name = '${step.name}'`;
      for (const statement of [...statements, forget]) await queryRunner.query(statement);
    }
  };
}

/** TypeORM 0.3 has its data source under the older name. */
interface AnyQueryRunner {
  readonly dataSource?: DataSource;
  readonly connection?: DataSource;
}

function placeOf(queryRunner: QueryRunner, ownSchema?: string): { type: string; schema: string | null } {
  const { dataSource, connection } = queryRunner as unknown as AnyQueryRunner;
  const { type, schema } = (dataSource ?? connection)!.options as { type: string; schema?: string };
  return { type, schema: type === 'postgres' ? (ownSchema ?? schema ?? null) : null };
}

function statementsFor(type: string, byType: SchemaStep['up']): Statements {
  const statements = byType[type];
  if (statements === undefined) throw new UnsupportedDatabaseError('carillonMigrations', type, Object.keys(byType));
  return statements;
}
