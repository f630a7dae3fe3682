import type { Awaitable, Instant, JobDefinition, JobRecord, PutResult } from '../../core/index.js';
import { DuplicateJobError } from '../errors.js';
import type { Facts } from '../facts.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { eachInTurn, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { ORPHANED_AFTER } from '../upkeep/upkeep-site.js';
import { newJobOf } from './new-job.js';
import { reconcileCode } from './reconcile.js';
import type { Stores } from './stores.js';

/** What a start changed about one job. */
export interface StartChange {
  readonly id: string;
  readonly store: string;
  readonly what: readonly ('trigger' | 'options' | 'id')[];
  readonly fireTimeBefore: Instant | null;
  readonly fireTimeAfter: Instant | null;
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

  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {}

  /** Ids that the code defines with `enabled: false`. */
  get notEnabled(): readonly JobDefinition[] {
    return this.all.filter((definition) => !definition.enabled);
  }

  /** For the line that a start writes. */
  get summary(): { readonly jobs: number; readonly nextFireTime: Instant | null; readonly nextJobId: string | null } {
    const jobs = this.all.length - this.notEnabled.length;
    return { jobs, nextFireTime: this.soonest?.fireTime ?? null, nextJobId: this.soonest?.id ?? null };
  }

  put(definitions: readonly JobDefinition[]): Awaitable<StartReport> {
    refuseTwins(definitions);
    this.all = definitions;
    const byStore = this.byStore(definitions.filter((definition) => definition.enabled));
    const report = {
      added: [],
      changed: [],
      unchanged: [],
      refused: [],
      notEnabled: this.notEnabled.map((it) => it.id),
    };
    const put = this.stores.collect([...byStore.keys()], (node) => this.putInto(node, byStore.get(node)!, report));
    return then(put, () => then(this.setAsideNotEnabled(), () => report));
  }

  /** A job that was enabled with the last start must not go on firing until it is noticed as orphaned. */
  private setAsideNotEnabled(): Awaitable<void> {
    const ids = this.notEnabled.map((definition) => definition.id);
    const shared = this.stores.all().filter((node) => node.store.isShared);
    return ids.length === 0 ? undefined : eachInTurn(shared, (node) => this.orphan(node, ids));
  }

  private orphan(node: StoreNode, ids: readonly string[]): Awaitable<void> {
    const now = node.time.now();
    return then(node.store.nodes.list(now - ORPHANED_AFTER), (nodes) => {
      const listed = new Set(nodes.flatMap((other) => other.jobIds));
      const statusReason = 'not enabled in the code of any live node';
      const changed = node.store.jobs.change({
        ids,
        at: now,
        decide: (job) => {
          if (job.origin !== 'code' || job.status !== 'active' || listed.has(job.id)) return null;
          return { status: 'orphaned', statusReason, statusAt: now, withdraw: true };
        },
      });
      return then(changed, (results) => {
        for (const { after: job } of results) {
          this.facts.tell('job.orphaned', { store: node.store.alias, job, detail: statusReason });
        }
      });
    });
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
    const putting = { now, appVersion: this.parts.appVersion, triggers: this.parts.triggers };
    const jobs = definitions.map((definition) => newJobOf(definition, putting));
    this.idsByStore.set(node.store.alias, jobs.map((job) => job.id).sort());
    const put = node.store.jobs.put(jobs, {
      at: now,
      reconcile: (existing, incoming) => reconcileCode(existing, incoming, putting),
    });
    return then(put, (results) => {
      results.forEach((result, index) => this.note(node.store.alias, jobs[index].id, result, report));
      node.loop.wake();
    });
  }

  private note(store: string, id: string, result: PutResult, report: MutableReport): void {
    const { kind, job, before } = result;
    if (job.fireTime !== null && job.pause === null && job.fireTime < (this.soonest?.fireTime ?? Infinity)) {
      this.soonest = job;
    }
    if (kind === 'added') {
      report.added.push(id);
      this.facts.tell('job.added', { store, job });
    } else if (kind === 'changed') {
      const change = changeOf(store, job, before!);
      report.changed.push(change);
      this.facts.tell('job.changed', { store, job, detail: change.what.join(', '), data: { ...change } });
    } else {
      report[kind].push(id);
    }
  }
}

interface MutableReport extends StartReport {
  readonly added: string[];
  readonly changed: StartChange[];
  readonly unchanged: string[];
  readonly refused: string[];
}

function changeOf(store: string, job: JobRecord, before: JobRecord): StartChange {
  const what: ('trigger' | 'options' | 'id')[] = [];
  if (job.triggerFingerprint !== before.triggerFingerprint) what.push('trigger');
  if (job.restFingerprint !== before.restFingerprint) what.push('options');
  if (job.id !== before.id) what.push('id');
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
