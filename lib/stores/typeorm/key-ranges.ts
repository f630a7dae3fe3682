/** Keys in ranges without a gap: `[first, last]`, both in it. */
export type KeyRange = readonly [first: number, last: number];

/** Below so many keys a range, a list of them is cheaper; SQLite writes a single short range by its ends all the same. */
export const WORTH_A_RANGE = 8;

/**
 * The keys as ranges, where those are few, or as one, however short; null: they are too scattered. Runs of one claim have keys in a row and mostly end
 * together, and a range costs SQLite half of what a list of keys does.
 */
export function rangesOf(keys: readonly number[]): KeyRange[] | null {
  const most = Math.max(1, keys.length / WORTH_A_RANGE);
  const ranges: KeyRange[] = [];
  const inOrder = isAscending(keys) ? keys : [...keys].sort((a, b) => a - b);
  let start = 0;
  for (let at = 1; at <= inOrder.length; at++) {
    if (at < inOrder.length && inOrder[at] - inOrder[at - 1] <= 1) continue;
    if (ranges.length + 1 > most) return null;
    ranges.push([inOrder[start], inOrder[at - 1]]);
    start = at;
  }
  return ranges;
}

function isAscending(keys: readonly number[]): boolean {
  for (let at = 1; at < keys.length; at++) if (keys[at] < keys[at - 1]) return false;
  return true;
}
