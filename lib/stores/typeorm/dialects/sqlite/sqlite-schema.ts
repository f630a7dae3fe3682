import type { Database } from 'better-sqlite3';
import { SchemaMissingError } from '../../errors.js';
import { refuseToMake } from '../../migrations/observed-schema.js';
import { createStepsTable, noteStep, stepsTableOf } from '../../migrations/index.js';
import type { SchemaStep } from '../../migrations/index.js';
import { stepsToMake } from '../../migrations/steps-to-make.js';
import type { Place } from './scope.js';

/** What `prepareSchema` is told. */
export interface SchemaRequest {
  readonly store: string;
  readonly application: string;
  readonly prefix: string;
  readonly steps: readonly SchemaStep[];
  /** false: what is missing is an error. */
  readonly runMigrations: boolean;
  /** true: nothing is made, neither tables nor the application's row. */
  readonly observes?: boolean;
}

/**
 * Makes or upgrades the tables and finds the application's place in them, in one synchronous stretch under the write lock:
 * of two processes that start at once, the second finds the work done.
 *
 * @throws {NewerSchemaError} a later version of the package was here
 * @throws {SchemaMissingError} steps are missing and may not be made
 */
export function prepareSchema(handle: Database, request: SchemaRequest): Place {
  if (pendingSteps(handle, request).length === 0) {
    const place = findPlace(handle, request);
    if (place !== null) return place;
    if (request.observes === true) refuseToMake({ ...request, made: 1, missing: [] });
  } else if (request.observes === true) {
    const made = madeSteps(handle, request.prefix).length;
    refuseToMake({ ...request, made, missing: pendingSteps(handle, request).map((step) => step.name) });
  } else if (!request.runMigrations) {
    const missing = pendingSteps(handle, request).map((step) => step.name);
    throw new SchemaMissingError(request.store, missing);
  }
  return handle
    .transaction(() => {
      for (const step of pendingSteps(handle, request)) makeStep(handle, step, request.prefix);
      handle
        .prepare(`INSERT INTO ${request.prefix}applications (name) VALUES (?) ON CONFLICT DO NOTHING`)
        .run(request.application);
      return findPlace(handle, request)!;
    })
    .immediate();
}

function makeStep(handle: Database, step: SchemaStep, prefix: string): void {
  const statements = step.up['better-sqlite3'](prefix);
  for (const statement of [createStepsTable(prefix), ...statements, noteStep(step, prefix)]) handle.exec(statement);
}

function pendingSteps(handle: Database, { store, prefix, steps }: SchemaRequest): SchemaStep[] {
  return stepsToMake(store, steps, madeSteps(handle, prefix));
}

function madeSteps(handle: Database, prefix: string): [name: string, timestamp: number][] {
  const table = stepsTableOf(prefix);
  const isThere = handle.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get(table);
  if (isThere === undefined) return [];
  return handle.prepare(`SELECT name, timestamp FROM ${table}`).raw().all() as [string, number][];
}

function findPlace(handle: Database, { prefix, application }: SchemaRequest): Place | null {
  const found = handle
    .prepare(
      `SELECT app_key, (SELECT value FROM ${prefix}counters WHERE name = 'store') FROM ${prefix}applications WHERE name = ?`,
    )
    .raw()
    .get(application) as [number, number] | undefined;
  return found === undefined ? null : { prefix, appKey: found[0], tag: found[1].toString(36) };
}
