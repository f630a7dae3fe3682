import { rangesOf, WORTH_A_RANGE } from '../../key-ranges.js';
import { inList } from './literals.js';

/**
 * `run_key` is one of these: runs of one claim have keys in a row, and a range is read quicker than a list. The last key of
 * a range stands by itself: a scan locks what comes behind its end, too, which must not be somebody else's run (P27).
 */
export function amongRuns(keys: readonly number[], column = 'run_key'): string {
  const ranges = keys.length < WORTH_A_RANGE ? null : rangesOf(keys);
  if (ranges === null) return `${column} IN (${inList(keys)})`;
  const each = ranges.map(([first, last]) =>
    first === last ? `${column} = ${last}` : `${column} BETWEEN ${first} AND ${last - 1} OR ${column} = ${last}`,
  );
  return `(${each.join(' OR ')})`;
}
