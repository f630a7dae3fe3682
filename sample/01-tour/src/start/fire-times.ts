/** Next fire time by job id, ISO text; null: none to come. */
export type FireTimes = Record<string, string | null>;

export interface Comparison {
  /** Remembered, and not there any more. */
  readonly lost: string[];
  /** The remembered fire time is still to come, but it is not the next one any more. */
  readonly moved: string[];
  readonly added: string[];
}

/** A run is claimed about a second ahead; its job's next fire time is the one after it from then on. */
const CLAIMED_AHEAD_MS = 2_000;

/** What became of the remembered fire times. */
export function compareFireTimes(before: FireTimes, after: FireTimes, now: Date): Comparison {
  const toCome = Object.keys(before).filter((id) => before[id] !== null);
  // It has run, or runs now.
  const isPassed = (id: string) => Date.parse(before[id]!) <= now.getTime() + CLAIMED_AHEAD_MS;
  return {
    lost: Object.keys(before).filter((id) => !(id in after)),
    moved: toCome.filter((id) => id in after && !isPassed(id) && after[id] !== before[id]),
    added: Object.keys(after).filter((id) => !(id in before)),
  };
}
