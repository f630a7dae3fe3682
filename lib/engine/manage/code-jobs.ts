import { SchedulerError } from '../../core/index.js';
import type { Awaitable, Instant, JobDefinition, JobRecord, NewJob, PutResult } from '../../core/index.js';
import { DuplicateJobError } from '../errors.js';
import type { Facts } from '../facts.js';
import { isPassive } from '../scheduler-parts.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { eachInTurn, then } from '../settled.js';
import { StartFailedError, starting } from '../start-errors.js';
import type { StoreNode } from '../store-node.js';
import { newJobOf } from './new-job.js';
import type { Putting } from './new-job.js';
import { moveHere, setAside } from './one-place.js';
import { reconcileCode } from './reconcile.js';
import { surveyOf } from './start-survey.js';
import type { Stores } from './stores.js';
import { switchOff } from './switch-off.js';

const NONE: ReadonlySet<string> = new Set();

/** What a start changed about one job; `status`: it had been set aside, and goes on. */
export interface StartChange {
  readonly id: string;
  readonly store: string;
  readonly what: readonly ('trigger' | 'options' | 'id' | 'status')[];
  readonly fireTimeBefore: Instant | null;
  readonly fireTimeAfter: Instant | null;
}

/** What a start changed, or found out of place, in stores that outlive the process. */
export interface StartChanges {
  readonly added: readonly string[];
  readonly changed: readonly StartChange[];
  /** Of the code once, and now in no live node's code. */
  readonly orphaned: readonly string[];
  /** Kept and not run, for no live node knows their task. */
  readonly unresolved: readonly string[];
  /** Their id belongs to a job that was added at run time. */
  readonly refused: readonly string[];
}

/** What putting the code's jobs into their stores did. */
export interface StartReport {
  readonly added: readonly string[];
  readonly changed: readonly StartChange[];
  readonly unchanged: readonly string[];
  /** Their id belongs to a job that was added at run time. */
  readonly refused: readonly string[];
  /** Defined with `enabled: false`: put nowhere. */
  readonly notEnabled: readonly string[];
}

/** Puts the jobs of the code where they belong, and remembers which they are. */
export class CodeJobs {
  /** By store: what this node's heartbeat lists. */
  readonly idsByStore = new Map<string, string[]>();
  private all: readonly JobDefinition[] = [];
  private soonest: JobRecord | null = null;
  private changes: MutableChanges | null = null;

  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {}

  /** Ids that the code defines with `enabled: false`. */
  get notEnabled(): readonly JobDefinition[] {
    return this.all.filter((definition) => !definition.enabled);
  }

  /** All that the code defines. */
  get definitions(): readonly JobDefinition[] {
    return this.all;
  }

  /** For the line that a start writes. */
  get summary(): StartSummary {
    const jobs = this.all.length - this.notEnabled.length;
    const { soonest, changes } = this;
    return { jobs, nextFireTime: soonest?.fireTime ?? null, nextJobId: soonest?.id ?? null, changes };
  }

  put(definitions: readonly JobDefinition[]): Awaitable<StartReport> {
    refuseTwins(definitions);
    this.all = definitions;
    const byStore = this.byStore(definitions.filter((definition) => definition.enabled));
    this.stores.settle(byStore);
    const report = {
      added: [],
      changed: [],
      unchanged: [],
      refused: [],
      notEnabled: this.notEnabled.map((it) => it.id),
    };
    const moved = this.parts.options.observes ? undefined : moveHere(byStore, this.stores, this.facts);
    const put = then(moved, () =>
      this.stores.collect([...byStore.keys()], (node) => this.putInto(node, byStore.get(node)!, report)),
    );
    const done = then(put, () => this.setAsideNotEnabled());
    return then(done, () => then(this.survey(), () => report));
  }

  /** What the stores keep that this code does not have. */
  private survey(): Awaitable<void> {
    const shared = this.stores.all().filter((node) => node.store.isShared);
    return eachInTurn(shared, (node) =>
      then(surveyOf(node, this.idsByStore.get(node.store.alias) ?? []), ({ orphaned, unresolved }) => {
        this.changes ??= noChanges();
        this.changes.orphaned.push(...orphaned);
        this.changes.unresolved.push(...unresolved);
      }),
    );
  }

  /** A job that was enabled with the last start must not go on firing until it is noticed as orphaned. */
  private setAsideNotEnabled(): Awaitable<void> {
    const { options, appVersion } = this.parts;
    if (this.notEnabled.length === 0 || options.observes) return;
    // Who never claims may say nothing for those who do.
    const isForItself = (job: JobDefinition): boolean => job.isOffByEnvironment === true || isPassive(options);
    const ids = this.notEnabled.filter(isForItself).map(({ id }) => id);
    const definitions = this.notEnabled.filter((job) => !isForItself(job));
    const shared = this.stores.all().filter((node) => node.store.isShared);
    return eachInTurn(shared, (node) =>
      then(setAside(node, this.facts, { ids, statusReason: 'not enabled in the code of any live node' }), () =>
        switchOff(node, { definitions, appVersion }),
      ),
    );
  }

  private byStore(definitions: readonly JobDefinition[]): Map<StoreNode, JobDefinition[]> {
    const byStore = new Map<StoreNode, JobDefinition[]>();
    for (const definition of definitions) {
      const node = this.stores.named(definition.store, `Job "${definition.id}" (${definition.definedAt})`);
      const list = byStore.get(node);
      if (list === undefined) byStore.set(node, [definition]);
      else list.push(definition);
    }
    return byStore;
  }

  private putInto(node: StoreNode, definitions: readonly JobDefinition[], report: MutableReport): Awaitable<void> {
    const now = node.time.now();
    const since = node.store.isShared ? null : this.parts.options.since;
    const putting = { now, since, appVersion: this.parts.appVersion, triggers: this.parts.triggers };
    const { alias: store } = node.store;
    const jobs = takersFirst(definitions).map((definition) => newCodeJob(definition, putting));
    this.idsByStore.set(store, jobs.map((job) => job.id).sort());
    if (this.parts.options.observes && node.store.isShared) return;
    const renewed = isPassive(this.parts.options) ? NONE : idsThatRenew(definitions);
    const put = starting({ store, doing: 'the jobs of the code were put into it' }, () =>
      node.store.jobs.put(jobs, {
        now: () => node.time.latest(),
        reconcile: (existing, incoming, at) =>
          reconcileCode(existing, incoming, { ...putting, now: at }, renewed.has(incoming.id)),
      }),
    );
    const reports: Noted[] = [report];
    if (node.store.isShared) reports.push((this.changes ??= noChanges()));
    return then(put, (results) => {
      results.forEach((result, index) => this.note(store, jobs[index].id, result, reports));
      node.loop.wake();
    });
  }

  private note(store: string, id: string, result: PutResult, reports: readonly Noted[]): void {
    const { kind, job, before } = result;
    if (job.fireTime !== null && job.pause === null && job.fireTime < (this.soonest?.fireTime ?? Infinity)) {
      this.soonest = job;
    }
    if (kind === 'added') {
      for (const report of reports) report.added.push(id);
      this.facts.tell('job.added', { store, job });
      return;
    }
    const change = kind === 'changed' ? changeOf(store, job, before!) : null;
    if (change !== null && change.what.length > 0) {
      for (const report of reports) report.changed.push(change);
      this.facts.tell('job.changed', { store, job, detail: change.what.join(', '), data: { ...change } });
    } else {
      // A job whose times count from each start has other ones now, and is the same.
      for (const report of reports) report[kind === 'refused' ? kind : 'unchanged']?.push(id);
    }
  }
}

/** Who takes over the former id of another job goes before that one, which is a new job then. */
function takersFirst(definitions: readonly JobDefinition[]): readonly JobDefinition[] {
  const takers = new Map<string, JobDefinition[]>();
  for (const definition of definitions) {
    for (const alias of definition.aliases) takers.set(alias, [...(takers.get(alias) ?? []), definition]);
  }
  if (takers.size === 0) return definitions;
  const seen = new Set<JobDefinition>();
  const ordered: JobDefinition[] = [];
  const place = (definition: JobDefinition): void => {
    if (seen.has(definition)) return;
    seen.add(definition);
    takers.get(definition.id)?.forEach(place);
    ordered.push(definition);
  };
  definitions.forEach(place);
  return ordered;
}

/** Of a trigger of one's own that throws, the start says whose it is. */
function newCodeJob(definition: JobDefinition, putting: Putting): NewJob {
  try {
    return newJobOf(definition, putting);
  } catch (error) {
    if (error instanceof SchedulerError) throw error;
    throw new StartFailedError(definition.store, definition.id, 'its first fire time was computed', error);
  }
}

function idsThatRenew(definitions: readonly JobDefinition[]): ReadonlySet<string> {
  return new Set(definitions.filter(({ trigger }) => trigger.renewsOnStart === true).map(({ id }) => id));
}

/** For the event that says the scheduler was started. */
export interface StartSummary {
  /** Of the code, and enabled. */
  readonly jobs: number;
  readonly nextFireTime: Instant | null;
  readonly nextJobId: string | null;
  /** null: no store outlives the process. */
  readonly changes: StartChanges | null;
}

interface Noted {
  readonly added: string[];
  readonly changed: StartChange[];
  readonly unchanged?: string[];
  readonly refused: string[];
}

type MutableReport = StartReport & Noted & { readonly unchanged: string[] };
type MutableChanges = StartChanges & Noted & { readonly orphaned: string[]; readonly unresolved: string[] };

function noChanges(): MutableChanges {
  return { added: [], changed: [], orphaned: [], unresolved: [], refused: [] };
}

/** What a start changes, or would change, about a job. */
export function changeOf(store: string, job: JobRecord, before: JobRecord): StartChange {
  const what: ('trigger' | 'options' | 'id' | 'status')[] = [];
  if (job.triggerFingerprint !== before.triggerFingerprint) what.push('trigger');
  if (job.restFingerprint !== before.restFingerprint) what.push('options');
  if (job.id !== before.id) what.push('id');
  if (before.status === 'orphaned' || before.status === 'unresolved') what.push('status');
  return { id: job.id, store, what, fireTimeBefore: before.fireTime, fireTimeAfter: job.fireTime };
}

/** One id, one job, over all stores. */
export function refuseTwins(definitions: readonly JobDefinition[]): void {
  const seen = new Map<string, string>();
  for (const { id, definedAt } of definitions) {
    const first = seen.get(id);
    if (first !== undefined) throw new DuplicateJobError(id, first, definedAt);
    seen.set(id, definedAt);
  }
}
