import { afterEach, beforeEach } from '@jest/globals';
import type { Store } from '../../../lib/core/index.js';
import { SqlitePlace } from './sqlite-place.js';

/** Where the test is that runs just now. */
export let place: SqlitePlace;
/** Open in that place, in a spec that says `eachWithItsStore`. */
export let store: Store;

/** Each test of the spec has a file of its own, and leaves nothing behind. */
export function eachWithItsFile(): void {
  beforeEach(() => {
    place = new SqlitePlace();
  });
  afterEach(() => place.clear());
}

/** As `eachWithItsFile`, with a store that is open on it. */
export function eachWithItsStore(): void {
  eachWithItsFile();
  beforeEach(async () => {
    store = await place.open();
  });
}
