import type { Awaitable, RunRecord, Store } from '../core/index.js';
import { then } from './settled.js';
import type { StoreTime } from './store-time.js';

const RUNS_A_PAGE = 500;

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
    const at = time.now();
    const changed = store.jobs.change({
      ids,
      at,
      decide: ({ policy }, unsettled) =>
        policy.evenInMaintenanceMode || !unsettled.some((run) => isAhead(run, at)) ? null : { withdraw: true },
    });
    return then(changed, (results) => results.length);
  });
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
