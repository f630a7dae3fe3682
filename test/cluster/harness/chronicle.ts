export interface Outage {
  readonly from: number;
  /** Infinity: it goes on. */
  to: number;
}

/** What the test did to the cluster and when (epoch ms), for the checks to judge by. */
export interface Chronicle {
  readonly kills: { readonly at: number; readonly pid: number }[];
  /** Stopped processes; `to` is when they were let go on. */
  readonly freezes: { readonly pid: number; readonly from: number; readonly to: number }[];
  /** Connections cut, and the server away: `to` is when it answered again. */
  readonly outages: Outage[];
  /** Processes whose start failed because the store was away: whoever keeps them running starts them again. */
  readonly failedStarts: number[];
  readonly cuts: number[];
  /** Highest number of live leases of a job that was ever seen at one moment, beyond what it may have. */
  readonly tooMany: string[];
  liveRunsSeen: number;
}

/** Whether the store could not be reached a moment ago. */
export function wasAway({ outages }: Chronicle, at: number): boolean {
  return outages.some(({ from, to }) => from <= at && at <= to + AFTERMATH);
}

/** Whether that was so at any time since then. */
export function wasAwaySince({ outages }: Chronicle, since: number): boolean {
  return outages.some(({ to }) => since <= to + AFTERMATH);
}

/** Less than what counts as a standstill, and more than it takes to wake up. */
const WOKEN_WITHIN = 5_000;

/** Whether this test had stopped that process just before: who waits for a lock of SQLite stands still, too. */
export function wasStopped(
  { freezes }: Chronicle,
  { pid, at }: { readonly pid: number; readonly at: number },
): boolean {
  return freezes.some(({ pid: stopped, to }) => stopped === pid && to <= at && at <= to + WOKEN_WITHIN);
}

const AFTERMATH = 2_000;

export function emptyChronicle(): Chronicle {
  return { kills: [], freezes: [], outages: [], failedStarts: [], cuts: [], tooMany: [], liveRunsSeen: 0 };
}
