import type { Awaitable, JobRecord, Millis, NewRun, NodeRecord, TriggerCodec } from '../../core/index.js';
import { settled, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { eachPage } from './start-survey.js';
import type { RunCommands } from './run-commands.js';

/** In the JSON of every trigger that has it: where the store can tell, a million others are not even read. */
const MARK = '"runOnStart"';

/** After a failed look, in parts of a lease. */
const LOOK_AGAIN = 1 / 3;

/**
 * One run more for each job with `runOnStart`: in a store of this process at each start, in a shared one when no other
 * node of the application lives. Whether one lives may not be known yet: a node that was killed a moment ago looks the
 * same. So where others were seen within a lease, it is decided once each of them has had a lease to show itself, and of
 * nodes that start together the one that started first makes the runs.
 */
export function enterStartRuns(node: StoreNode, triggers: TriggerCodec, runs: RunCommands): Awaitable<unknown> {
  const start = new StartRuns(node, triggers, runs);
  return node.store.isShared ? start.decide() : start.enter();
}

class StartRuns {
  constructor(
    private readonly node: StoreNode,
    private readonly triggers: TriggerCodec,
    private readonly runs: RunCommands,
  ) {}

  decide(): Awaitable<unknown> {
    const { node } = this;
    const { lease } = node.options;
    const now = node.time.now();
    return then(node.store.nodes.list(now - lease), (nodes): Awaitable<unknown> => {
      const me = nodes.find(({ id }) => id === node.parts.node.id);
      const others = nodes.filter((other) => other !== me);
      if (others.length === 0) return this.enter();
      // It has gone from the list already, so nothing can be told.
      if (me === undefined) return null;
      const earlier = others.filter((other) => isEarlier(other, me));
      // One that started later may have looked before this node was in the list, and have made the runs.
      const wait = earlier.length === 0 ? lease / 3 : Math.max(...earlier.map((it) => it.seenAt)) + lease - now;
      this.lookAfter(wait + 1, me, earlier);
      return null;
    });
  }

  /** `since`: only for jobs that have no such run from then on. */
  enter(since: number | null = null): Awaitable<unknown> {
    const { node } = this;
    return eachPage(node, { status: ['active', 'finished'], paused: false, triggerHolds: MARK }, (jobs) => {
      const starting = jobs.filter((job) => this.runsOnStart(job));
      const missing = since === null ? starting : this.withoutRun(starting, since);
      return then(missing, (found) =>
        this.runs.enter(
          node,
          found.map((job) => startRun(job, node.time.now())),
        ),
      );
    });
  }

  private lookAfter(wait: Millis, me: NodeRecord, earlier: readonly NodeRecord[]): void {
    const { node } = this;
    node.later(wait, () =>
      settled(
        () => this.look(me, earlier),
        () => node.health.answered('change'),
        (error) => {
          node.health.failed('change', error);
          this.lookAfter(node.options.lease * LOOK_AGAIN, me, earlier);
        },
      ),
    );
  }

  /** Who has shown no sign for a lease is dead; who is no longer in the list has left, and so lived at this start. */
  private look(me: NodeRecord, earlier: readonly NodeRecord[]): Awaitable<unknown> {
    const { node } = this;
    return then(node.store.nodes.list(0), (nodes): Awaitable<unknown> => {
      const byId = new Map(nodes.map((it) => [it.id, it]));
      const seenSince = node.time.now() - node.options.lease;
      if (earlier.some(({ id, seenAt }) => (byId.get(id)?.seenAt ?? Infinity) > seenAt)) return null;
      if (nodes.some((it) => it.id !== me.id && it.seenAt > seenSince && isEarlier(it, me))) return null;
      return this.enter(me.startedAt);
    });
  }

  private withoutRun(jobs: readonly JobRecord[], since: number): Awaitable<JobRecord[]> {
    const { history } = this.node.store;
    const from = (index: number, found: JobRecord[]): Awaitable<JobRecord[]> => {
      if (index === jobs.length) return found;
      const page = history.page({ jobId: jobs[index].id, kind: 'start', from: since, limit: 1 });
      return then(page, ({ runs }) => from(index + 1, runs.length === 0 ? [...found, jobs[index]] : found));
    };
    return from(0, []);
  }

  /** Triggers without it are not decoded, since there may be many jobs; nor is one that this version cannot read a fault. */
  private runsOnStart({ trigger }: JobRecord): boolean {
    if (!trigger.includes(MARK)) return false;
    try {
      return this.triggers.decode(trigger).runOnStart;
    } catch {
      return false;
    }
  }
}

function isEarlier(one: NodeRecord, other: NodeRecord): boolean {
  return one.startedAt !== other.startedAt ? one.startedAt < other.startedAt : one.id < other.id;
}

function startRun(job: JobRecord, now: number): NewRun {
  return { jobId: job.id, kind: 'start', fireTime: now, dueAt: now, forced: false, args: null };
}
