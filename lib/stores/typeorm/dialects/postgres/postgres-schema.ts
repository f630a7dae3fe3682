import { NewerSchemaError, SchemaMissingError } from '../../errors.js';
import { refuseToMake } from '../../migrations/observed-schema.js';
import { createStepsTable, noteStep, quotedSchema, stepsTableOf } from '../../migrations/index.js';
import type { SchemaStep } from '../../migrations/index.js';
import type { Link } from '../server/link.js';
import type { Place } from './scope.js';

/** What `prepareSchema` is told. */
export interface SchemaRequest {
  readonly store: string;
  readonly application: string;
  readonly prefix: string;
  /** null: the first schema of the connection's search path. */
  readonly schema: string | null;
  readonly steps: readonly SchemaStep[];
  /** false: what is missing is an error. */
  readonly runMigrations: boolean;
  /** true: nothing is made, neither tables nor the application's row. */
  readonly observes?: boolean;
}

/**
 * Makes or upgrades the tables and finds the application's place in them, in one transaction under an advisory lock of that
 * transaction: of two processes that start at once, the second waits and finds the work done.
 *
 * @throws {NewerSchemaError} a later version of the package was here
 * @throws {SchemaMissingError} steps are missing and may not be made
 */
export async function prepareSchema(link: Link, request: SchemaRequest): Promise<Place> {
  const pending = await pendingSteps(link, request);
  if (pending.length === 0) {
    const place = await findPlace(link, request);
    if (place !== null) return place;
    if (request.observes === true) refuseToMake({ ...request, made: 1, missing: [] });
  } else if (request.observes === true) {
    const made = (await madeSteps(link, request)).length;
    refuseToMake({ ...request, made, missing: pending.map((step) => step.name) });
  } else if (!request.runMigrations) {
    const missing = pending.map((step) => step.name);
    throw new SchemaMissingError(request.store, missing);
  }
  await link.query('BEGIN');
  try {
    const place = await makePlace(link, request);
    await link.query('COMMIT');
    return place;
  } catch (error) {
    await link.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function makePlace(link: Link, request: SchemaRequest): Promise<Place> {
  const { prefix, schema } = request;
  const tables = quotedSchema(schema) + prefix;
  await link.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`nest-carillon ${quotedSchema(schema)}`]);
  const pending = await pendingSteps(link, request);
  if (pending.length > 0 && schema !== null) await makeSchema(link, schema);
  for (const step of pending) {
    const statements = step.up.postgres(prefix, schema);
    const all = [createStepsTable(prefix, 'postgres', schema), ...statements, noteStep(step, prefix, schema)];
    for (const statement of all) await link.query(statement);
  }
  const add = `INSERT INTO ${tables}applications (name) VALUES ($1) ON CONFLICT DO NOTHING`;
  await link.query(add, [request.application]);
  return (await findPlace(link, request))!;
}

/** Asked first: to make one takes a right that the user need not have where it is there. */
async function makeSchema(link: Link, schema: string): Promise<void> {
  const { rows } = await link.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await link.query(`CREATE SCHEMA ${quotedSchema(schema).slice(0, -1)}`);
}

async function pendingSteps(link: Link, request: SchemaRequest): Promise<SchemaStep[]> {
  const { store, steps } = request;
  const made = new Map(await madeSteps(link, request));
  const newest = steps[steps.length - 1].timestamp;
  const known = new Set(steps.map((step) => step.name));
  const unknown = [...made].filter(([name, timestamp]) => !known.has(name) && timestamp > newest);
  if (unknown.length > 0) {
    const names = unknown.map(([name]) => name);
    throw new NewerSchemaError(store, names);
  }
  return steps.filter((step) => !made.has(step.name));
}

/** Asks the catalogue's own tables: what a session remembers of names may be older than its transaction. */
async function madeSteps(link: Link, { prefix, schema }: SchemaRequest): Promise<[name: string, timestamp: number][]> {
  const isThere = schema === null ? 'pg_table_is_visible(c.oid) AND $2::text IS NULL' : 'n.nspname = $2';
  const { rows: found } = await link.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $1 AND ${isThere}`,
    [stepsTableOf(prefix), schema],
  );
  if (found.length === 0) return [];
  const { rows } = await link.query(`SELECT name, timestamp FROM ${stepsTableOf(prefix, schema)}`);
  return rows as unknown as [string, number][];
}

async function findPlace(link: Link, { prefix, schema, application }: SchemaRequest): Promise<Place | null> {
  const tables = quotedSchema(schema) + prefix;
  const text = `SELECT app_key, (SELECT tag FROM ${tables}stores) FROM ${tables}applications WHERE name = $1`;
  const { rows } = await link.query(text, [application]);
  if (rows.length === 0) return null;
  const [appKey, tag] = rows[0] as [number, string];
  return { tables, appKey, tag };
}
