import { createRequire } from 'node:module';
import { MissingPackageError } from '../core/index.js';
import type * as Luxon from 'luxon';

/**
 * Luxon, loaded with the first date that is asked for: applications that ask for none need not install it. Synchronous,
 * for `nextDate()` is.
 *
 * @throws {MissingPackageError}
 */
export function luxon(): typeof Luxon {
  const load = createRequire(import.meta.url);
  try {
    return load('luxon') as typeof Luxon;
  } catch (cause) {
    throw new MissingPackageError('luxon', 'A CronJob that answers luxon dates', 'npm install luxon', { cause });
  }
}
