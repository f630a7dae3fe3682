import type { RunClose } from '../../session.js';

/** Runs that end alike: one statement moves them all. */
export interface EndGroup {
  readonly end: RunClose;
  readonly keys: number[];
}

/** Below so many runs a statement, it is cheaper to write their rows out. */
const WORTH_A_STATEMENT = 12;

/** Puts together what ends alike; null: too few of them do. Runs of a batch end within few milliseconds, so mostly many do. */
export function alikeEnds(ends: readonly RunClose[]): EndGroup[] | null {
  const most = Math.max(1, ends.length / WORTH_A_STATEMENT);
  const groups: EndGroup[] = [];
  let last: EndGroup | undefined;
  for (const end of ends) {
    if (last === undefined || !isAlike(last.end, end)) last = groups.find((group) => isAlike(group.end, end));
    if (last === undefined && groups.length >= most) return null;
    if (last === undefined) groups.push((last = { end, keys: [] }));
    last.keys.push(end.key);
  }
  return groups;
}

export function hasTexts({ detail, error, result, output }: RunClose): boolean {
  return detail !== null || error !== null || result !== null || output !== null;
}

function isAlike(a: RunClose, b: RunClose): boolean {
  return (
    a.at === b.at &&
    a.startedAt === b.startedAt &&
    a.outcome === b.outcome &&
    a.attempt === b.attempt &&
    a.reason === b.reason &&
    hasTexts(a) === hasTexts(b)
  );
}
