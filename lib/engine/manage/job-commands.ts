import type {
  Awaitable,
  DecideJob,
  Instant,
  JobDefinition,
  JobFilter,
  JobPatch,
  JobPolicy,
  JobRecord,
  PlannedSkip,
  Trigger,
} from '../../core/index.js';
import { CodeJobError, UnknownJobError } from '../errors.js';
import type { Facts } from '../facts.js';
import { dueSpan } from '../fire-times.js';
import type { Span } from '../fire-times.js';
import { pauseDetail } from '../plan-draft.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { settled, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { changedFingerprint, restFingerprint, triggerFingerprint } from './fingerprint.js';
import { JobAdding } from './job-adding.js';
import type { AddOptions } from './job-adding.js';
import { nextPosition } from './new-job.js';
import { movedPosition } from './reconcile.js';
import type { Moving } from './reconcile.js';
import type { LocatedJob, Stores } from './stores.js';
import { withdrawnDue } from './withdrawn-runs.js';

export interface PauseOptions {
  readonly by: string | null;
  readonly reason: string | null;
  /** Resumes by itself at this instant. */
  readonly until: Instant | null;
}

export interface ResumeOptions {
  /** true: what was missed while paused is made up for, as the job's policy says of any missed fire time. */
  readonly catchUp: boolean;
}

/** What `modify` may set; fields that are left out stay. */
export interface JobChanges {
  readonly name?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly string[];
  readonly args?: JobRecord['args'];
  readonly policy?: Partial<JobPolicy>;
  readonly hookNames?: JobDefinition['hookNames'];
  readonly trigger?: Trigger;
  readonly timezone?: string;
}

/** Changes of jobs at run time: each finds the job's store itself, and wakes its loop. */
export class JobCommands {
  private readonly adding: JobAdding;

  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {
    this.adding = new JobAdding(parts, stores, facts);
  }

  add(definitions: readonly JobDefinition[], options: AddOptions): Awaitable<JobRecord[]> {
    return this.adding.add(definitions, options);
  }

  get(id: string): Awaitable<LocatedJob | null> {
    return then(this.stores.find(id), (found) =>
      found === null ? null : { store: found.node.store.alias, job: found.job },
    );
  }

  list(filter: JobFilter & { readonly store?: string } = {}): Awaitable<LocatedJob[]> {
    const { store, ...rest } = filter;
    const lists = this.stores.collect(this.stores.chosen(store), (node) =>
      then(node.store.jobs.list(rest), (jobs) => jobs.map((job) => ({ store: node.store.alias, job }))),
    );
    return then(lists, (found) => {
      const all = found.flat().sort((a, b) => (a.job.id < b.job.id ? -1 : a.job.id > b.job.id ? 1 : 0));
      return rest.limit === undefined ? all : all.slice(0, rest.limit);
    });
  }

  pause(id: string, options: PauseOptions): Awaitable<JobRecord> {
    return this.change(
      id,
      (_job, _unsettled, now) => ({ pause: { at: now, ...options }, withdraw: true }),
      (node, job) => {
        this.facts.tell('job.paused', { store: node.store.alias, job, detail: options.reason });
      },
    );
  }

  resume(id: string, options: ResumeOptions): Awaitable<JobRecord> {
    const decide: DecideJob = (job, _unsettled, now) => (job.pause === null ? {} : this.resumed(job, now, options));
    let missed: readonly PlannedSkip[] = [];
    return this.change(
      id,
      decide,
      (node, job, before) => {
        if (before.pause !== null) this.facts.tell('job.resumed', { store: node.store.alias, job });
        this.tellMissed(node, job, missed);
      },
      options.catchUp ? undefined : (before, now) => (missed = this.missedWhilePaused(before, now)),
    );
  }

  reschedule(id: string, trigger: Trigger, timezone?: string): Awaitable<JobRecord> {
    return this.move(
      id,
      (job, moving) => this.rescheduled(job, moving, trigger, timezone),
      this.tellChanged('trigger'),
    );
  }

  modify(id: string, changes: JobChanges): Awaitable<JobRecord> {
    const { policy, hookNames, trigger, timezone, ...fields } = changes;
    const decide = (job: JobRecord, moving: Moving): JobPatch => ({
      ...this.refitted(job, {
        ...fields,
        ...(policy === undefined ? {} : { policy: { ...job.policy, ...policy } }),
        ...(hookNames === undefined ? {} : { hooks: hookNames }),
      }),
      ...(trigger === undefined && timezone === undefined ? {} : this.rescheduled(job, moving, trigger, timezone)),
      withdraw: true,
    });
    return this.move(id, decide, this.tellChanged('options'));
  }

  remove(id: string): Awaitable<JobRecord> {
    const decide: DecideJob = (job) => {
      if (job.origin === 'code') throw new CodeJobError(job.id, job.task);
      return 'remove';
    };
    return this.change(id, decide, (node, job) => {
      node.dispatcher.releaseHeld(id);
      this.facts.tell('job.removed', { store: node.store.alias, job });
    });
  }

  private change(id: string, decide: DecideJob, tell: Tell, record?: Missed): Awaitable<JobRecord> {
    return then(this.stores.get(id), ({ node }) => {
      const changed = node.store.jobs.change({ ids: [id], now: () => node.time.latest(), decide, record });
      return then(changed, ([result]) => {
        if (result === undefined) throw new UnknownJobError(id);
        const job = result.after ?? result.before;
        if (result.after?.status === 'finished') node.cameToEnd(result.after);
        node.claimsChanged();
        node.loop.wake();
        tell(node, job, result.before);
        return job;
      });
    });
  }

  /** A change that may set another fire time: what was due, and loses its run to it, leaves a reason. */
  private move(id: string, decide: (job: JobRecord, moving: Moving) => JobPatch, tell: Tell): Awaitable<JobRecord> {
    let taken: readonly PlannedSkip[] = [];
    const noting: DecideJob = (job, unsettled, now) => {
      const patch = decide(job, { now, unsettled });
      // Left where it is, the job goes back to the first of them.
      const isMoved = patch.fireTime !== undefined && unsettled.length > 0;
      taken = isMoved ? withdrawnDue(job, this.parts.triggers.decode(job.trigger), unsettled, now) : [];
      return patch;
    };
    return this.change(id, noting, tell, () => taken);
  }

  private resumed(job: JobRecord, now: Instant, { catchUp }: ResumeOptions): JobPatch {
    const resumed: JobPatch = { pause: null, losses: 0 };
    const nothingMissed = job.status !== 'active' || job.dueAt === null || job.dueAt > now;
    if (catchUp || nothingMissed) return resumed;
    const trigger = this.parts.triggers.decode(job.trigger);
    // Behind the last one that was due, not behind now: a fire time that has passed may be due later, with jitter.
    const after = trigger.fixedDelay === null ? dueBy(job, trigger, now).last : now;
    return { ...resumed, ...nextPosition(job, trigger, after) };
  }

  /** The record was written with the change, which answers the job alone. */
  private tellMissed(node: StoreNode, job: JobRecord, missed: readonly PlannedSkip[]): void {
    for (const { reason, firstFireTime: from, fireTime: to } of missed) {
      settled(
        () => node.store.history.page({ jobId: job.id, states: ['skipped'], reason, from, to, limit: 1 }),
        ({ runs: [run] }) => {
          if (run !== undefined)
            this.facts.tell('run.skipped', { store: node.store.alias, job, run, detail: run.detail });
        },
        // The record is there all the same.
        () => undefined,
      );
    }
  }

  private missedWhilePaused(job: JobRecord, now: Instant): PlannedSkip[] {
    if (job.pause === null || job.status !== 'active' || job.dueAt === null || job.dueAt > now) return [];
    const trigger = this.parts.triggers.decode(job.trigger);
    const { first, last, count, countIsExact } = dueBy(job, trigger, now);
    return [
      { reason: 'paused', detail: pauseDetail(job.pause), fireTime: last, firstFireTime: first, count, countIsExact },
    ];
  }

  /** A job of the code keeps the code's fingerprints: the change stays until the code changes. */
  private refitted(job: JobRecord, patch: JobPatch): JobPatch {
    if (job.origin === 'code' || Object.keys(patch).length === 0) return patch;
    const { hooks: hookNames, ...rest } = { ...job, ...patch };
    const now = restFingerprint({ ...rest, hookNames });
    return { ...patch, restFingerprint: changedFingerprint(job.restFingerprint, now) };
  }

  private rescheduled(
    job: JobRecord,
    moving: Moving,
    trigger: Trigger | undefined,
    zone: string | undefined,
  ): JobPatch {
    const timezone = zone ?? job.timezone;
    const given = trigger ?? this.inZone(job, timezone);
    const anchored = given.anchor({ now: moving.now, jobId: job.id, timezone });
    const fingerprint = triggerFingerprint({ trigger: given, timezone });
    return {
      trigger: this.parts.triggers.encode(anchored),
      timezone,
      runCount: 0,
      withdraw: true,
      ...movedPosition(job, anchored, moving),
      ...(job.origin === 'code' ? {} : { triggerFingerprint: changedFingerprint(job.triggerFingerprint, fingerprint) }),
    };
  }

  /** The job's trigger in another zone; a zone that the trigger named itself stays. */
  private inZone(job: JobRecord, timezone: string): Trigger {
    const json = this.parts.triggers.decode(job.trigger).toJSON();
    const isOwn = json.timezone !== undefined && json.timezone !== job.timezone;
    return this.parts.triggers.decode(JSON.stringify(isOwn ? json : { ...json, timezone }));
  }

  private tellChanged(what: string): Tell {
    return (node, job, before) => {
      const data = { what: [what], fireTimeBefore: before.fireTime, fireTimeAfter: job.fireTime };
      this.facts.tell('job.changed', { store: node.store.alias, job, detail: what, data });
    };
  }
}

function dueBy(job: JobRecord, trigger: Trigger, now: Instant): Span {
  return dueSpan(job.id, trigger, job.fireTime!, { dueBy: now, before: Infinity });
}

type Tell = (node: StoreNode, job: JobRecord, before: JobRecord) => void;
type Missed = (before: JobRecord, now: Instant) => readonly PlannedSkip[];
