import type { Awaitable, ChangeResult, DecideJob, Instant, Millis, RunRecord, Store } from '../core/index.js';
import type { LiveRun } from './live-run.js';
import { then } from './settled.js';
import type { StoreTime } from './store-time.js';

const RUNS_A_PAGE = 500;

/** A job that fires again after so long, or sooner, is likely to do so before its application is up again. */
const OFTEN: Millis = 300_000;
/** A stop is not to take long: what is more waits, given back, for whoever claims it. */
const MOST_AT_STOP = 200;

export interface WithdrawSite {
  readonly store: Store;
  readonly time: StoreTime;
}

/**
 * Takes back what was claimed ahead, of these jobs or (null) of all, whoever holds it: the application is paused. The jobs go
 * back to those fire times, and what the pause covers of them is recorded when it ends. Answers how many jobs it was.
 */
export function withdrawAhead(site: WithdrawSite, jobIds: readonly string[] | null = null): Awaitable<number> {
  const { store, time } = site;
  return then(jobIds ?? aheadIn(site), (ids) => {
    if (ids.length === 0) return 0;
    const decide: DecideJob = ({ policy }, unsettled, now) =>
      policy.evenInMaintenanceMode || !unsettled.some((run) => isAhead(run, now)) ? null : { withdraw: true };
    return then(store.jobs.change({ ids, now: () => time.latest(), decide }), (results) => results.length);
  });
}

/**
 * Takes back runs of jobs that fire again soon, claimed ahead by this node, which stops: whoever plans next makes one run of
 * that fire time and those after it, and does not find one in the way of the others. Answers the jobs for which it was done;
 * another run of a job may be anybody's.
 */
export function withdrawOwn(
  { store, time }: WithdrawSite,
  node: string,
  jobIds: readonly string[],
): Awaitable<ReadonlySet<string>> {
  const decide: DecideJob = (_job, unsettled, now) => {
    const [run] = unsettled;
    return unsettled.length === 1 && run.node === node && isAhead(run, now) ? { withdraw: true } : null;
  };
  const changed = store.jobs.change({ ids: jobIds, now: () => time.latest(), decide });
  return then(changed, (results) => new Set(results.filter(isWithdrawn).map(({ before }) => before.id)));
}

/** A store takes back no run that has a later one behind it. */
function isWithdrawn({ before, after }: ChangeResult): boolean {
  return after !== null && after.runCount < before.runCount;
}

/** Runs claimed ahead of jobs that fire often, as many as a stop takes back. */
export function aheadOfOften(held: Iterable<LiveRun>, now: Instant): Set<LiveRun> {
  const ahead = new Set<LiveRun>();
  for (const run of held) {
    const isOften = run.job.fireTime !== null && run.job.fireTime - run.run.dueAt <= OFTEN;
    if (isOften && run.state === 'held' && isAhead(run.run, now)) ahead.add(run);
    if (ahead.size === MOST_AT_STOP) break;
  }
  return ahead;
}

/** Planned, and its start is still to come; what waits for another try goes on. */
export function isAhead({ kind, dueAt, state, attempt }: RunRecord, at: number): boolean {
  return kind === 'scheduled' && state === 'running' && attempt === 1 && dueAt > at;
}

/** Jobs with such runs, found among all that are held: as many as the nodes have slots. */
function aheadIn({ store, time }: WithdrawSite): Awaitable<string[]> {
  const ids = new Set<string>();
  const from = (cursor?: string): Awaitable<string[]> =>
    then(store.history.page({ states: ['running'], limit: RUNS_A_PAGE, cursor }), (page) => {
      for (const run of page.runs) if (isAhead(run, time.now())) ids.add(run.jobId);
      return page.cursor === null ? [...ids] : from(page.cursor);
    });
  return from();
}
