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

const AFTERMATH = 2_000;

export function emptyChronicle(): Chronicle {
  return { kills: [], freezes: [], outages: [], failedStarts: [], cuts: [], tooMany: [], liveRunsSeen: 0 };
}
