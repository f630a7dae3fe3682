import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFAULT_TABLE_PREFIX } from '../typeorm-store-options.js';
import { carillonTables } from './carillon-tables.js';
import type { SchemaStep } from './schema-step.js';

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
      const statements = step.up[queryRunner.dataSource.options.type](prefix);
      for (const statement of [...statements, createStepsTable(prefix), noteStep(step, prefix)]) {
        await queryRunner.query(statement);
      }
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      const statements = step.down[queryRunner.dataSource.options.type](prefix);
      const forget = `DELETE FROM ${stepsTableOf(prefix)} WHERE name = '${step.name}'`;
      for (const statement of [...statements, forget]) await queryRunner.query(statement);
    }
  };
}
