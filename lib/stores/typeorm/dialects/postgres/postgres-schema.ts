import { createStepsTable, noteStep, quotedSchema, stepsTableOf } from '../../migrations/index.js';
import type { SchemaStep } from '../../migrations/index.js';
import { stepsToMake } from '../../migrations/steps-to-make.js';
import type { Link } from '../server/link.js';
import { placeAsItIs } from '../server/schema-request.js';
import type { ServerSchemaRequest } from '../server/schema-request.js';
import type { Place } from './scope.js';

/** What `prepareSchema` is told. */
export interface SchemaRequest extends ServerSchemaRequest {
  /** null: the first schema of the connection's search path. */
  readonly schema: string | null;
}

/**
 * Makes or upgrades the tables and finds the application's place in them, in one transaction under an advisory lock of that
 * transaction: of two processes that start at once, the second waits and finds the work done.
 *
 * @throws {NewerSchemaError} a later version of the package was here
 * @throws {SchemaMissingError} steps are missing and may not be made
 */
export async function prepareSchema(link: Link, request: SchemaRequest): Promise<Place> {
  const place = await placeAsItIs(request, {
    pendingSteps: () => pendingSteps(link, request),
    madeSteps: () => madeSteps(link, request),
    findPlace: () => findPlace(link, request),
  });
  if (place !== null) return place;
  await link.query('BEGIN');
  try {
    const made = await makePlace(link, request);
    await link.query('COMMIT');
    return made;
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
  return stepsToMake(request.store, request.steps, await madeSteps(link, request));
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
