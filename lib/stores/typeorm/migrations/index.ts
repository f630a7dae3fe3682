import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { UnsupportedDatabaseError } from '../errors.js';
import { DEFAULT_TABLE_PREFIX } from '../typeorm-store-options.js';
import { carillonTables } from './carillon-tables.js';
import type { SchemaStep, Statements } from './schema-step.js';

export type { SchemaStep } from './schema-step.js';

/** Every step of the schema, oldest first. */
export const SCHEMA_STEPS: readonly SchemaStep[] = [carillonTables];

/** A migration as TypeORM takes it in `migrations` of a DataSource's options. */
export type CarillonMigration = new () => MigrationInterface;

/**
 * The schema as TypeORM migrations, for an application that runs them with its own. The store then finds its tables there
 * and changes nothing; `runMigrations: false` makes sure of it.
 *
 * @param tablePrefix as given to the store
 * @example new DataSource({ …, migrations: [...carillonMigrations(), MyMigration1700000000000] })
 */
export function carillonMigrations(tablePrefix: string = DEFAULT_TABLE_PREFIX): CarillonMigration[] {
  return SCHEMA_STEPS.map((step) => migrationOf(step, tablePrefix));
}

/** Where the store notes which steps were made, whoever made them. */
export function stepsTableOf(prefix: string): string {
  return `${prefix}migrations`;
}

export function createStepsTable(prefix: string): string {
  return `CREATE TABLE IF NOT EXISTS ${stepsTableOf(prefix)} (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, timestamp BIGINT NOT NULL, name VARCHAR NOT NULL)`;
}

/** Notes a step as made; the name and the timestamp are constants of ours. */
export function noteStep(step: SchemaStep, prefix: string): string {
  return `INSERT INTO ${stepsTableOf(prefix)} (timestamp, name) VALUES (${step.timestamp}, '${step.name}')`;
}

function migrationOf(step: SchemaStep, prefix: string): CarillonMigration {
  return class implements MigrationInterface {
    readonly name = step.name;

    async up(queryRunner: QueryRunner): Promise<void> {
      const statements = statementsFor(queryRunner, step.up)(prefix);
      for (const statement of [createStepsTable(prefix), ...statements, noteStep(step, prefix)]) {
        await queryRunner.query(statement);
      }
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      const statements = statementsFor(queryRunner, step.down)(prefix);
      const forget = `DELETE FROM ${stepsTableOf(prefix)} WHERE name = '${step.name}'`;
      for (const statement of [...statements, forget]) await queryRunner.query(statement);
    }
  };
}

/** TypeORM 0.3 has its data source under the older name. */
interface AnyQueryRunner {
  readonly dataSource?: DataSource;
  readonly connection?: DataSource;
}

function statementsFor(queryRunner: QueryRunner, byType: SchemaStep['up']): Statements {
  const { dataSource, connection } = queryRunner as unknown as AnyQueryRunner;
  const type = (dataSource ?? connection)!.options.type;
  const statements = byType[type];
  if (statements === undefined) throw new UnsupportedDatabaseError('carillonMigrations', type, Object.keys(byType));
  return statements;
}
