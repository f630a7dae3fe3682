/** Next fire time by job id, ISO text; null: none to come. */
export type FireTimes = Record<string, string | null>;

export interface Comparison {
  /** Remembered, and not there any more. */
  readonly lost: string[];
  /** The remembered fire time is still to come, but it is not the next one any more. */
  readonly moved: string[];
  /** The remembered fire time has passed: it has run, or runs now. */
  readonly passed: string[];
  readonly added: string[];
}

/** What became of the remembered fire times. */
export function compareFireTimes(before: FireTimes, after: FireTimes, now: Date): Comparison {
  const toCome = Object.keys(before).filter((id) => before[id] !== null);
  const isPassed = (id: string) => new Date(before[id]!) <= now;
  return {
    lost: Object.keys(before).filter((id) => !(id in after)),
    moved: toCome.filter((id) => id in after && !isPassed(id) && after[id] !== before[id]),
    passed: toCome.filter((id) => id in after && isPassed(id)),
    added: Object.keys(after).filter((id) => !(id in before)),
  };
}
