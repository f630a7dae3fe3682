import { SchemaMissingError } from '../../errors.js';
import type { SchemaStep } from '../../migrations/index.js';
import { refuseToMake } from '../../migrations/observed-schema.js';

/** What a dialect is told of the tables that it is to find or to make. */
export interface ServerSchemaRequest {
  readonly store: string;
  readonly application: string;
  readonly prefix: string;
  readonly steps: readonly SchemaStep[];
  /** false: what is missing is an error. */
  readonly runMigrations: boolean;
  /** true: nothing is made, neither tables nor the application's row. */
  readonly observes?: boolean;
}

/** How a dialect looks at its tables. */
export interface SchemaLook<P> {
  pendingSteps(): Promise<SchemaStep[]>;
  madeSteps(): Promise<readonly unknown[]>;
  /** null: the application has no row yet. */
  findPlace(): Promise<P | null>;
}

/**
 * The application's place where all is there; null: something is to be made, and may be.
 *
 * @throws {SchemaMissingError} steps are missing and may not be made
 */
export async function placeAsItIs<P>(request: ServerSchemaRequest, look: SchemaLook<P>): Promise<P | null> {
  const missing = (await look.pendingSteps()).map((step) => step.name);
  if (missing.length === 0) {
    const place = await look.findPlace();
    if (place === null && request.observes === true) refuseToMake({ ...request, made: 1, missing });
    return place;
  }
  if (request.observes === true) refuseToMake({ ...request, made: (await look.madeSteps()).length, missing });
  if (!request.runMigrations) throw new SchemaMissingError(request.store, missing);
  return null;
}
