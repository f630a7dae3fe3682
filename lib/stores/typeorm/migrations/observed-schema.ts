import { SchemaOutdatedError, StoreEmptyError } from '../errors.js';

/** What a look at the tables found. */
export interface SchemaFound {
  readonly store: string;
  readonly application: string;
  /** Steps that were made, by whatever version. */
  readonly made: number;
  /** Names of the steps that are missing. */
  readonly missing: readonly string[];
}

/**
 * For a store that only looks, which makes neither tables nor its application's row in them.
 *
 * @throws {StoreEmptyError} nobody has used it yet
 * @throws {SchemaOutdatedError} the tables are those of an earlier version
 */
export function refuseToMake({ store, application, made, missing }: SchemaFound): never {
  if (made > 0 && missing.length > 0) throw new SchemaOutdatedError(store, missing);
  throw new StoreEmptyError(store, application);
}
