import { StoreBusyError } from '../../errors.js';
import { createStepsTable, noteStep, stepsTableOf } from '../../migrations/index.js';
import type { SchemaStep } from '../../migrations/index.js';
import { stepsToMake } from '../../migrations/steps-to-make.js';
import type { Link } from '../server/link.js';
import { placeAsItIs } from '../server/schema-request.js';
import type { ServerSchemaRequest } from '../server/schema-request.js';
import { text } from './literals.js';
import { numberOf } from './mysql-errors.js';
import type { Place } from './scope.js';

/** What `prepareSchema` is told. */
export type SchemaRequest = ServerSchemaRequest;

/** What the tables say of a place. */
export type SeenPlace = Omit<Place, 'isMariaDb'>;

/** Seconds that a process waits for another one that makes the tables. */
const LOCK_LIMIT = 60;

/**
 * Makes or upgrades the tables and finds the application's place in them, under a lock of this connection: of two processes
 * that start at once, the second waits and finds the work done. What was made half stays so on these servers; each statement
 * can be made again.
 *
 * @throws {NewerSchemaError} a later version of the package was here
 * @throws {SchemaMissingError} steps are missing and may not be made
 */
export async function prepareSchema(link: Link, request: SchemaRequest): Promise<SeenPlace> {
  const place = await placeAsItIs(request, {
    pendingSteps: () => pendingSteps(link, request),
    madeSteps: () => madeSteps(link, stepsTableOf(request.prefix)),
    findPlace: () => findPlace(link, request),
  });
  if (place !== null) return place;
  // Names of locks are the whole server's, and at most 64 characters long.
  const name = `CONCAT('nest-carillon ', MD5(CONCAT(DATABASE(), '.', ${text(request.prefix)})))`;
  const { rows } = await link.query(`SELECT GET_LOCK(${name}, ${LOCK_LIMIT})`);
  if (rows[0][0] !== 1) throw new StoreBusyError(request.store, 'its tables', LOCK_LIMIT * 1000);
  try {
    return await makePlace(link, request);
  } finally {
    await link.query(`DO RELEASE_LOCK(${name})`).catch(() => undefined);
  }
}

async function makePlace(link: Link, request: SchemaRequest): Promise<SeenPlace> {
  const { prefix } = request;
  for (const step of await pendingSteps(link, request)) {
    const type = 'mysql';
    const all = [createStepsTable(prefix, type), ...step.up[type](prefix), noteStep(step, prefix)];
    for (const statement of all) await link.query(statement);
  }
  await link.query(`INSERT IGNORE INTO ${prefix}applications (name) VALUES (${text(request.application)})`);
  return (await findPlace(link, request))!;
}

async function pendingSteps(link: Link, { store, prefix, steps }: SchemaRequest): Promise<SchemaStep[]> {
  return stepsToMake(store, steps, await madeSteps(link, stepsTableOf(prefix)));
}

/** The table of the data dictionary that would tell lists what the user may see: a table without a grant is not there. */
async function madeSteps(link: Link, table: string): Promise<[name: string, timestamp: number][]> {
  const { rows: found } = await link.query(
    `SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ${text(table)}`,
  );
  if (found.length === 0) return [];
  const { rows } = await link.query(`SELECT name, timestamp FROM ${table}`);
  return rows as unknown as [string, number][];
}

async function findPlace(link: Link, { prefix, application }: SchemaRequest): Promise<SeenPlace | null> {
  const { rows } = await link.query(
    `SELECT app_key, (SELECT tag FROM ${prefix}stores) FROM ${prefix}applications WHERE name = ${text(application)}`,
  );
  if (rows.length === 0) return null;
  const [appKey, tag] = rows[0] as [number, string];
  return { tables: prefix, appKey, tag };
}

/** The tag of the store whose tables a connection sees; null: it sees none. */
export async function tagSeen(link: Link, prefix: string): Promise<string | null> {
  try {
    const { rows } = await link.query(`SELECT tag FROM ${prefix}stores`);
    return (rows[0]?.[0] ?? null) as string | null;
  } catch (error) {
    if (numberOf(error) > 0) return null;
    throw error;
  }
}
