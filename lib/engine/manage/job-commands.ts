import type {
  Awaitable,
  Instant,
  JobDefinition,
  JobFilter,
  JobPatch,
  JobPolicy,
  JobRecord,
  NewJob,
  PlannedSkip,
  Trigger,
} from '../../core/index.js';
import { CodeJobError, DuplicateJobError, UnknownJobError } from '../errors.js';
import type { Facts } from '../facts.js';
import { dueSpan } from '../fire-times.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { refuseTwins } from './code-jobs.js';
import { triggerFingerprint } from './fingerprint.js';
import { newJobOf, nextPosition } from './new-job.js';
import { movedPosition, replacement } from './reconcile.js';
import type { LocatedJob, Stores } from './stores.js';

export interface AddOptions {
  /** The job with this id, added at run time before, is replaced as a whole. */
  readonly replaceExisting: boolean;
  /** The caller's transaction, where the store supports one. */
  readonly within?: unknown;
}

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

type Decide = (job: JobRecord, now: Instant) => JobPatch | 'remove' | null;

/** Changes of jobs at run time: each finds the job's store itself, and wakes its loop. */
export class JobCommands {
  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {}

  add(definitions: readonly JobDefinition[], options: AddOptions): Awaitable<JobRecord[]> {
    refuseTwins(definitions);
    const nodes = [...new Set(definitions.map((it) => this.storeOf(it)))];
    const added = this.stores.collect(nodes, (node) => {
      const own =
        nodes.length === 1 ? definitions : definitions.filter((definition) => this.storeOf(definition) === node);
      return then(this.refuseElsewhere(node, own), () => this.addTo(node, own, options));
    });
    return then(added, (lists) => {
      if (lists.length === 1) return lists[0];
      const byId = new Map(lists.flat().map((job) => [job.id, job]));
      return definitions.map(({ id }) => byId.get(id)!);
    });
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
      (_job, now) => ({ pause: { at: now, ...options }, withdraw: true }),
      (node, job) => {
        this.facts.tell('job.paused', { store: node.store.alias, job, detail: options.reason });
      },
    );
  }

  resume(id: string, options: ResumeOptions): Awaitable<JobRecord> {
    const decide: Decide = (job, now) => (job.pause === null ? {} : this.resumed(job, now, options));
    return this.change(
      id,
      decide,
      (node, job, before) => {
        if (before.pause !== null) this.facts.tell('job.resumed', { store: node.store.alias, job });
      },
      options.catchUp ? undefined : (before, now) => this.missedWhilePaused(before, now),
    );
  }

  reschedule(id: string, trigger: Trigger, timezone?: string): Awaitable<JobRecord> {
    return this.change(id, (job, now) => this.rescheduled(job, now, trigger, timezone), this.tellChanged('trigger'));
  }

  modify(id: string, changes: JobChanges): Awaitable<JobRecord> {
    const { policy, hookNames, trigger, timezone, ...fields } = changes;
    const decide: Decide = (job, now) => ({
      ...fields,
      ...(policy === undefined ? {} : { policy: { ...job.policy, ...policy } }),
      ...(hookNames === undefined ? {} : { hooks: hookNames }),
      ...(trigger === undefined && timezone === undefined ? {} : this.rescheduled(job, now, trigger, timezone)),
      withdraw: true,
    });
    return this.change(id, decide, this.tellChanged('options'));
  }

  remove(id: string): Awaitable<JobRecord> {
    const decide: Decide = (job) => {
      if (job.origin === 'code') throw new CodeJobError(job.id, job.task);
      return 'remove';
    };
    return this.change(id, decide, (node, job) => {
      node.dispatcher.releaseHeld(id);
      this.facts.tell('job.removed', { store: node.store.alias, job });
    });
  }

  private storeOf(definition: JobDefinition): StoreNode {
    return this.stores.at(definition.store) ?? this.stores.named(definition.store, whereOf(definition));
  }

  /** Ids are unique over all stores of an application. */
  private refuseElsewhere(node: StoreNode, definitions: readonly JobDefinition[]): Awaitable<void> {
    const others = this.stores.all().filter((other) => other !== node);
    if (others.length === 0) return;
    const ids = definitions.map(({ id }) => id);
    const found = this.stores.firstOf(others, (other) =>
      then(other.store.jobs.list({ ids }), ([job]) => (job === undefined ? null : { job, alias: other.store.alias })),
    );
    return then(found, (twin) => {
      if (twin === null) return;
      const second = definitions.find(({ id }) => id === twin.job.id)!;
      throw new DuplicateJobError(twin.job.id, placeOf(twin.job, twin.alias), second.definedAt);
    });
  }

  private addTo(node: StoreNode, definitions: readonly JobDefinition[], options: AddOptions): Awaitable<JobRecord[]> {
    const now = node.time.now();
    const putting = { now, appVersion: this.parts.appVersion, triggers: this.parts.triggers };
    const placeIn = (id: string): string => definitions.find((it) => it.id === id)?.definedAt ?? '';
    const put = node.store.jobs.put(
      definitions.map((definition) => newJobOf(definition, putting)),
      {
        at: now,
        within: options.within,
        reconcile: (existing, incoming) => {
          if (isSame(existing, incoming)) return null;
          if (existing.origin === 'code') throw new CodeJobError(existing.id, existing.task);
          if (options.replaceExisting) return replacement(incoming);
          throw new DuplicateJobError(existing.id, placeOf(existing, node.store.alias), placeIn(incoming.id));
        },
      },
    );
    return then(put, (results) => {
      let soonest = Infinity;
      for (const { kind, job } of results) {
        if (kind === 'added') this.facts.tell('job.added', { store: node.store.alias, job });
        if (kind === 'changed') this.facts.tell('job.changed', { store: node.store.alias, job, detail: 'replaced' });
        if (job.dueAt !== null && job.dueAt < soonest) soonest = job.dueAt;
      }
      if (soonest < Infinity) node.loop.wakeBy(soonest);
      if (results.some(({ kind }) => kind === 'changed')) node.claimsChanged();
      return results.map(({ job }) => job);
    });
  }

  private change(id: string, decide: Decide, tell: Tell, record?: Missed): Awaitable<JobRecord> {
    return then(this.stores.get(id), ({ node }) => {
      const now = node.time.now();
      const changed = node.store.jobs.change({
        ids: [id],
        at: now,
        decide: (job) => decide(job, now),
        record: record === undefined ? undefined : (before) => record(before, now),
      });
      return then(changed, ([result]) => {
        if (result === undefined) throw new UnknownJobError(id);
        const job = result.after ?? result.before;
        node.claimsChanged();
        node.loop.wake();
        tell(node, job, result.before);
        return job;
      });
    });
  }

  private resumed(job: JobRecord, now: Instant, { catchUp }: ResumeOptions): JobPatch {
    const resumed: JobPatch = { pause: null, losses: 0 };
    const nothingMissed = job.status !== 'active' || job.dueAt === null || job.dueAt > now;
    if (catchUp || nothingMissed) return resumed;
    return { ...resumed, ...nextPosition(job, this.parts.triggers.decode(job.trigger), now) };
  }

  private missedWhilePaused(job: JobRecord, now: Instant): PlannedSkip[] {
    if (job.pause === null || job.status !== 'active' || job.dueAt === null || job.dueAt > now) return [];
    const trigger = this.parts.triggers.decode(job.trigger);
    const { first, last, count, countIsExact } = dueSpan(job.id, trigger, job.fireTime!, now);
    const { by, reason } = job.pause;
    const detail = `paused${by === null ? '' : ` by ${by}`}${reason === null ? '' : `: ${reason}`}`;
    return [{ reason: 'paused', detail, fireTime: last, firstFireTime: first, count, countIsExact }];
  }

  private rescheduled(job: JobRecord, now: Instant, trigger: Trigger | undefined, zone: string | undefined): JobPatch {
    const timezone = zone ?? job.timezone;
    const given = trigger ?? this.inZone(job, timezone);
    const anchored = given.anchor({ now, jobId: job.id, timezone });
    return {
      trigger: this.parts.triggers.encode(anchored),
      timezone,
      runCount: 0,
      withdraw: true,
      ...movedPosition(job, anchored, now),
      // A job of the code keeps the code's fingerprint: the change stays until the code changes.
      ...(job.origin === 'code' ? {} : { triggerFingerprint: triggerFingerprint({ trigger: given, timezone }) }),
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

type Tell = (node: StoreNode, job: JobRecord, before: JobRecord) => void;
type Missed = (before: JobRecord, now: Instant) => PlannedSkip[];

function isSame(existing: JobRecord, incoming: NewJob): boolean {
  return (
    existing.origin === incoming.origin &&
    existing.triggerFingerprint === incoming.triggerFingerprint &&
    existing.restFingerprint === incoming.restFingerprint
  );
}

function whereOf({ id, definedAt }: JobDefinition): string {
  return `Job "${id}" (${definedAt})`;
}

function placeOf(job: JobRecord, store: string): string {
  return `the job that ${job.origin === 'code' ? 'the code' : 'the registry'} put into the store "${store}" (task ${job.task})`;
}
