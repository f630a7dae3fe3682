import type { Awaitable, JobRecord, NewRun, TriggerCodec } from '../../core/index.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import type { RunCommands } from './run-commands.js';

/**
 * One run more for each job with `runOnStart`: in a store of this process at each start, in a shared one when no other
 * node of the application is live.
 */
export function enterStartRuns(node: StoreNode, triggers: TriggerCodec, runs: RunCommands): Awaitable<unknown> {
  return then(hasOtherNodes(node), (others): Awaitable<unknown> => {
    if (others) return null;
    return then(node.store.jobs.list({ status: ['active', 'finished'], paused: false }), (jobs) => {
      const starting = jobs.filter((job) => mayRunOnStart(job) && triggers.decode(job.trigger).runOnStart);
      return runs.enter(
        node,
        starting.map((job) => startRun(job, node.time.now())),
      );
    });
  });
}

function hasOtherNodes(node: StoreNode): Awaitable<boolean> {
  if (!node.store.isShared) return false;
  const since = node.time.now() - node.options.lease;
  return then(node.store.nodes.list(since), (nodes) => nodes.some(({ id }) => id !== node.parts.node.id));
}

/** Triggers without it are not decoded: there may be many jobs. */
function mayRunOnStart(job: JobRecord): boolean {
  return job.trigger.includes('"runOnStart"');
}

function startRun(job: JobRecord, now: number): NewRun {
  return { jobId: job.id, kind: 'start', fireTime: now, dueAt: now, forced: false, args: null };
}
