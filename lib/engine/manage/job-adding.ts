import type { Awaitable, Instant, JobDefinition, JobPatch, JobRecord, NewJob, PutResult } from '../../core/index.js';
import { CodeJobError, DuplicateJobError } from '../errors.js';
import type { Facts } from '../facts.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { eachInTurn, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { refuseTwins } from './code-jobs.js';
import { hasFingerprint } from './fingerprint.js';
import { newJobOf } from './new-job.js';
import { replacement } from './reconcile.js';
import { placeOf } from './one-place.js';
import type { Stores } from './stores.js';
import { Uncommitted } from './uncommitted.js';

export interface AddOptions {
  /** The job with this id, added at run time before, is replaced as a whole. */
  readonly replaceExisting: boolean;
  /** The caller's transaction, where the store supports one. */
  readonly within?: unknown;
}

/** Jobs that go into one store. */
interface Share {
  readonly node: StoreNode;
  readonly definitions: readonly JobDefinition[];
  readonly jobs: readonly NewJob[];
}

/**
 * Adds jobs at run time. In one store all of them are added or none. Over several stores everything is judged in all of
 * them before anything is written; what remains is a store that fails, or somebody else who takes an id, after others
 * have been written: then those stay, and adding the same jobs again adds the rest.
 */
export class JobAdding {
  private readonly uncommitted = new Uncommitted();

  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {}

  add(definitions: readonly JobDefinition[], options: AddOptions): Awaitable<JobRecord[]> {
    refuseTwins(definitions);
    const shares = this.sharesOf(definitions);
    const judged = eachInTurn(shares, (share) => this.refuseElsewhere(share));
    const admitted = then(judged, () =>
      shares.length === 1 ? undefined : eachInTurn(shares, (share) => this.judge(share, options)),
    );
    const added = then(admitted, () => this.putAll(shares, options));
    return then(added, (lists) => {
      if (lists.length === 1) return lists[0];
      const byId = new Map(lists.flat().map((job) => [job.id, job]));
      return definitions.map(({ id }) => byId.get(id)!);
    });
  }

  private sharesOf(definitions: readonly JobDefinition[]): Share[] {
    const byNode = new Map<StoreNode, JobDefinition[]>();
    for (const definition of definitions) {
      const node = this.stores.at(definition.store) ?? this.stores.named(definition.store, whereOf(definition));
      const own = byNode.get(node);
      if (own === undefined) byNode.set(node, [definition]);
      else own.push(definition);
    }
    return [...byNode].map(([node, own]) => {
      const putting = { now: node.time.now(), appVersion: this.parts.appVersion, triggers: this.parts.triggers };
      return { node, definitions: own, jobs: own.map((definition) => newJobOf(definition, putting)) };
    });
  }

  /** Ids are unique over all stores of an application. */
  private refuseElsewhere({ node, definitions }: Share): Awaitable<void> {
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

  /** As the store will be told when it is put, before anything is. */
  private judge(share: Share, options: AddOptions): Awaitable<void> {
    const byId = new Map(share.jobs.map((job) => [job.id, job]));
    return then(share.node.store.jobs.list({ ids: [...byId.keys()] }), (existing) => {
      const now = share.node.time.now();
      for (const job of existing) this.reconcile(share, options, { existing: job, incoming: byId.get(job.id)!, now });
    });
  }

  private reconcile(
    { node, definitions }: Share,
    { replaceExisting }: AddOptions,
    { existing, incoming, now }: { existing: JobRecord; incoming: NewJob; now: Instant },
  ): JobPatch | null {
    if (isSame(existing, incoming) && !(replaceExisting && wasChanged(existing, incoming))) return null;
    if (existing.origin === 'code') throw new CodeJobError(existing.id, existing.task);
    if (replaceExisting) return replacement(existing, incoming, { now, triggers: this.parts.triggers });
    const second = definitions.find(({ id }) => id === incoming.id)?.definedAt ?? '';
    throw new DuplicateJobError(existing.id, placeOf(existing, node.store.alias), second, { canReplace: true });
  }

  private putAll(shares: readonly Share[], options: AddOptions): Awaitable<JobRecord[][]> {
    const lists: JobRecord[][] = [];
    const each = eachInTurn(shares, (share) => then(this.put(share, options), (jobs) => lists.push(jobs)));
    return then(each, () => lists);
  }

  private put(share: Share, options: AddOptions): Awaitable<JobRecord[]> {
    const { node, jobs } = share;
    const put = node.store.jobs.put(jobs, {
      now: () => node.time.latest(),
      within: options.within,
      reconcile: (existing, incoming, now) => this.reconcile(share, options, { existing, incoming, now }),
    });
    return then(put, (results) => {
      // Neither a listener nor the loop may learn of what its caller may still take back.
      if (options.within === undefined) this.told(node, results);
      else this.uncommitted.watch(node, results, (seen) => this.told(node, seen));
      return results.map(({ job }) => job);
    });
  }

  private told(node: StoreNode, results: readonly PutResult[]): void {
    let soonest = Infinity;
    for (const { kind, job } of results) {
      if (kind === 'added') this.facts.tell('job.added', { store: node.store.alias, job });
      if (kind === 'changed') this.facts.tell('job.changed', { store: node.store.alias, job, detail: 'replaced' });
      if (job.status === 'finished') node.cameToEnd(job);
      if (job.dueAt !== null && job.dueAt < soonest) soonest = job.dueAt;
    }
    if (soonest < Infinity) node.loop.wakeBy(soonest);
    if (results.some(({ kind }) => kind === 'changed')) node.claimsChanged();
  }
}

/** As it was added, or as it was changed at run time since. */
function isSame(existing: JobRecord, incoming: NewJob): boolean {
  return (
    existing.origin === incoming.origin &&
    hasFingerprint(existing.triggerFingerprint, incoming.triggerFingerprint) &&
    hasFingerprint(existing.restFingerprint, incoming.restFingerprint)
  );
}

/** It was rescheduled or modified since, and is no longer what is added again. */
function wasChanged(existing: JobRecord, incoming: NewJob): boolean {
  return (
    !existing.triggerFingerprint.endsWith(incoming.triggerFingerprint) ||
    !existing.restFingerprint.endsWith(incoming.restFingerprint)
  );
}

function whereOf({ id, definedAt }: JobDefinition): string {
  return `Job "${id}" (${definedAt})`;
}
