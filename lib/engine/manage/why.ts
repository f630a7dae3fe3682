import type { Awaitable, Instant, JobPause, JobRecord, RunRecord, Trigger } from '../../core/index.js';
import { isPausedAt } from '../plan-draft.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import type { CodeJobs } from './code-jobs.js';
import type { Stores } from './stores.js';
import { isSwitchedOff } from './switch-off.js';

export type WhyVerdict =
  | 'ran'
  | 'running'
  | 'waiting'
  | 'skipped'
  | 'paused'
  | 'notYet'
  | 'notAFireTime'
  | 'finished'
  | 'orphaned'
  | 'unresolved'
  | 'notKept'
  | 'notEnabled'
  | 'unknownJob';

/** Why there was a run at an instant, or why there was none. */
export interface Why {
  readonly verdict: WhyVerdict;
  /** Runs and skip records that cover the instant, newest first. */
  readonly runs: readonly RunRecord[];
  /** One sentence. */
  readonly text: string;
}

interface Found {
  readonly node: StoreNode;
  readonly job: JobRecord;
}

const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'timedOut', 'cancelled', 'lost']);
const LIMIT = 20;

/** "Why did it not run?", answered from the rows and the records (PITFALLS, what users would love, 1). */
export class Explanations {
  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly code: Pick<CodeJobs, 'notEnabled'>,
  ) {}

  why(id: string, at: Instant): Awaitable<Why> {
    return then(this.stores.find(id), (found): Awaitable<Why> => {
      if (found === null) return this.whyOfGone(id, at);
      const page = found.node.store.history.page({ jobId: id, from: at, to: at, limit: LIMIT });
      return then(page, ({ runs }): Awaitable<Why> => {
        if (runs.length > 0) return fromRuns(runs);
        return then(this.pauseOfAll(found.job), (pause) => this.fromJob(found, at, pause));
      });
    });
  }

  /** A job that was removed, or is finished long since, may have left its history. */
  private whyOfGone(id: string, at: Instant): Awaitable<Why> {
    const runs = this.stores.firstOf(this.stores.all(), (node) =>
      then(node.store.history.page({ jobId: id, from: at, to: at, limit: LIMIT }), (page) =>
        page.runs.length === 0 ? null : page.runs,
      ),
    );
    return then(runs, (found) => (found === null ? this.whyOfNone(id) : fromRuns(found)));
  }

  private whyOfNone(id: string): Why {
    const off = this.code.notEnabled.find((definition) => definition.id === id);
    if (off === undefined) return none('unknownJob', `There is no job "${id}".`);
    const by = off.isOffByEnvironment === true ? 'environments' : 'enabled: false';
    return none('notEnabled', `"${id}" is switched off in the code (${by}, ${off.definedAt}), so it does not fire.`);
  }

  /** The application's pause, where the job obeys it. */
  private pauseOfAll({ policy }: JobRecord): Awaitable<JobPause | null> {
    if (policy.evenInMaintenanceMode) return null;
    return this.stores.firstOf(this.stores.all(), (node) =>
      then(node.store.nodes.readPause(), (pause) => (isPausedAt(pause, node.time.now()) ? pause : null)),
    );
  }

  private fromJob({ node, job }: Found, at: Instant, pauseOfAll: JobPause | null): Why {
    const now = node.time.now();
    const trigger = this.parts.triggers.decode(job.trigger);
    if (!isFireTime(trigger, at))
      return none('notAFireTime', `${show(at)} is no fire time of "${job.id}" (${trigger.toString()}).`);
    if (isSwitchedOff(job)) return none('notEnabled', `"${job.id}" does not fire: it is ${job.statusReason}.`);
    if (job.status === 'orphaned')
      return none('orphaned', `"${job.id}" is in no running node's code, so it does not fire.`);
    if (job.status === 'unresolved')
      return none('unresolved', `No running node knows the task ${job.task} of "${job.id}".`);
    if (isPausedAt(job.pause, now) && covers(job.pause!, job, { at, now })) {
      return none('paused', pausedText(`"${job.id}"`, job.pause!));
    }
    if (pauseOfAll !== null && covers(pauseOfAll, job, { at, now })) {
      return none('paused', pausedText('The application', pauseOfAll));
    }
    if (job.fireTime !== null && at >= job.fireTime) return this.toCome(job, at, now);
    if (job.status === 'finished') return none('finished', `"${job.id}" is finished (${job.statusReason}).`);
    if (at < job.createdAt) return none('notYet', `"${job.id}" was added at ${show(job.createdAt)}, after that time.`);
    return none('notKept', `No record of "${job.id}" covers ${show(at)}: its history is not kept, or was pruned.`);
  }

  private toCome(job: JobRecord, at: Instant, now: Instant): Why {
    if (at > now)
      return none('notYet', `"${job.id}" has not reached ${show(at)}; its next fire time is ${show(job.fireTime!)}.`);
    return none('waiting', `"${job.id}" is due since ${show(job.fireTime!)} and waits for a node to claim it.`);
  }
}

function fromRuns(runs: readonly RunRecord[]): Why {
  const [run] = runs;
  const running = runs.find(({ state }) => state === 'running');
  const ended = runs.find(({ state }) => ENDED.has(state));
  if (running !== undefined) {
    return {
      verdict: 'running',
      runs,
      text: `Run ${running.id} is running on node ${running.node}, attempt ${running.attempt}.`,
    };
  }
  if (ended !== undefined) return { verdict: 'ran', runs, text: `Run ${ended.id} ${ended.state}${tail(ended)}.` };
  if (run.state === 'skipped') return { verdict: 'skipped', runs, text: `It was skipped (${run.reason})${tail(run)}.` };
  const since = run.state === 'buffered' ? 'for another run to end' : `until ${show(run.dueAt)} or for a free slot`;
  return { verdict: 'waiting', runs, text: `Run ${run.id} waits ${since}.` };
}

function tail(run: RunRecord): string {
  const more = run.detail ?? run.error?.message ?? null;
  const range = run.count > 1 ? `, one record for ${run.countIsExact ? '' : 'at least '}${run.count} fire times` : '';
  return `${more === null ? '' : `: ${more}`}${range}`;
}

/** What was handled before the pause, or comes after its end, is not explained by it. */
function covers(
  { at: since, until }: JobPause,
  { fireTime }: JobRecord,
  { at, now }: { at: Instant; now: Instant },
): boolean {
  const isLeft = fireTime === null ? at >= since : at >= fireTime;
  return isLeft && (until === null || at < until || at <= now);
}

function pausedText(who: string, { at, by, reason, until }: JobPause): string {
  const author = by === null ? '' : ` by ${by}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `${who} is paused since ${show(at)}${author}${until === null ? '' : ` until ${show(until)}`}${why}.`;
}

function isFireTime(trigger: Trigger, at: Instant): boolean {
  return trigger.fixedDelay !== null || trigger.next(at - 1) === at || trigger.first(at) === at;
}

function none(verdict: WhyVerdict, text: string): Why {
  return { verdict, runs: [], text };
}

function show(instant: Instant): string {
  return new Date(instant).toISOString();
}
