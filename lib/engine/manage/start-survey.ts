import type { Awaitable, JobFilter, JobRecord } from '../../core/index.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { ORPHANED_AFTER } from '../upkeep/upkeep-site.js';

const JOBS_A_STEP = 1_000;

/** Ids of jobs of one store that are out of place. */
export interface Survey {
  /** Of the code once; neither this node nor another live one has them in its code now. */
  readonly orphaned: readonly string[];
  /** Set aside already, and not taken back by this start. */
  readonly unresolved: readonly string[];
}

/** Looks, after the code's jobs were put, for what else a store keeps. Changes nothing: the upkeep sets jobs aside. */
export function surveyOf(node: StoreNode, ownIds: readonly string[]): Awaitable<Survey> {
  const orphaned: string[] = [];
  const unresolved: string[] = [];
  const live = node.store.nodes.list(node.time.now() - ORPHANED_AFTER);
  return then(live, (nodes) => {
    const listed = new Set([...ownIds, ...nodes.flatMap((other) => other.jobIds)]);
    const ofCode = eachJob(node, { origin: 'code' }, ({ id }) => !listed.has(id) && orphaned.push(id));
    const setAside = (): Awaitable<void> =>
      eachJob(node, { status: ['unresolved'] }, ({ id, origin }) => {
        if (origin === 'runtime' || listed.has(id)) unresolved.push(id);
      });
    return then(ofCode, () => then(setAside(), () => ({ orphaned, unresolved })));
  });
}

function eachJob(node: StoreNode, filter: JobFilter, act: (job: JobRecord) => unknown): Awaitable<void> {
  return eachPage(node, filter, (jobs) => jobs.forEach(act));
}

/** Jobs in the order of their ids, so many at a time; a store of this process has them all at hand. */
export function eachPage(
  { store }: StoreNode,
  filter: JobFilter,
  act: (jobs: readonly JobRecord[]) => Awaitable<unknown>,
): Awaitable<void> {
  const limit = store.isShared ? JOBS_A_STEP : undefined;
  const from = (after: string | undefined): Awaitable<void> =>
    then(store.jobs.list({ ...filter, after, limit }), (jobs) =>
      then(act(jobs), () => (limit === undefined || jobs.length < limit ? undefined : from(jobs[jobs.length - 1].id))),
    );
  return from(undefined);
}
