import type { Awaitable, Instant, JobDefinition, JobRecord, NewJob } from '../../core/index.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { eachInTurn, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import type { StartChange } from './code-jobs.js';
import { changeOf } from './code-jobs.js';
import { newJobOf } from './new-job.js';
import type { Putting } from './new-job.js';
import { reconcileCode } from './reconcile.js';
import { eachPage } from './start-survey.js';
import type { Stores } from './stores.js';

/** A job that a start of this code would add. */
export interface ToAdd {
  readonly store: string;
  readonly job: JobRecord;
}

/** A job that a start of this code would change. */
export interface ToChange extends StartChange {
  /** Another one than `id` where an alias renames it. */
  readonly idBefore: string;
}

/** What a start of this code would change in stores that outlive the process. */
export interface ScheduleDiff {
  readonly added: readonly ToAdd[];
  readonly changed: readonly ToChange[];
  /** Of an earlier code: they would be set aside when no live node has them any more. */
  readonly orphaned: readonly { readonly store: string; readonly id: string; readonly fireTime: Instant | null }[];
  /** Their id belongs to a job that was added at run time: they would not be scheduled. */
  readonly refused: readonly string[];
  /** A newer version of the application wrote them: this one would change nothing. */
  readonly newer: readonly string[];
}

interface Gathered {
  readonly added: ToAdd[];
  readonly changed: ToChange[];
  readonly orphaned: { store: string; id: string; fireTime: Instant | null }[];
  readonly refused: string[];
  readonly newer: string[];
}

/** Compares the code's jobs with what shared stores keep; writes nothing. */
export function scheduleDiff(
  definitions: readonly JobDefinition[],
  { parts, stores }: { readonly parts: SchedulerParts; readonly stores: Stores },
): Awaitable<ScheduleDiff> {
  const diff: Gathered = { added: [], changed: [], orphaned: [], refused: [], newer: [] };
  const shared = stores.all().filter((node) => node.store.isShared);
  const done = eachInTurn(shared, (node) => {
    const putting = { now: node.time.now(), appVersion: parts.appVersion, triggers: parts.triggers };
    const own = definitions.filter(({ store, enabled }) => enabled && store === node.store.alias);
    return compare(
      node,
      own.map((definition) => newJobOf(definition, putting)),
      { putting, diff },
    );
  });
  return then(done, () => diff);
}

interface Comparison {
  readonly putting: Putting;
  readonly diff: Gathered;
}

function compare(node: StoreNode, incoming: readonly NewJob[], comparison: Comparison): Awaitable<void> {
  const store = node.store.alias;
  const kept = new Map<string, JobRecord>();
  return then(
    eachPage(node, {}, (jobs) => jobs.forEach((job) => kept.set(job.id, job))),
    () => {
      const taken = new Set<string>();
      for (const job of incoming) {
        const id = [job.id, ...job.aliases].find((it) => kept.has(it));
        if (id !== undefined) taken.add(id);
        judge(store, job, id === undefined ? null : kept.get(id)!, comparison);
      }
      for (const { id, origin, fireTime } of kept.values()) {
        if (origin === 'code' && !taken.has(id)) comparison.diff.orphaned.push({ store, id, fireTime });
      }
    },
  );
}

function judge(store: string, job: NewJob, existing: JobRecord | null, { putting, diff }: Comparison): void {
  if (existing === null) {
    diff.added.push({ store, job: { ...job, generation: 0, version: 0 } });
    return;
  }
  const patch = reconcileCode(existing, job, putting);
  if (patch === 'refuse') {
    diff.refused.push(job.id);
    return;
  }
  const change = changeOf(store, { ...existing, ...patch, id: job.id }, existing);
  if (change.what.length > 0) diff.changed.push({ ...change, idBefore: existing.id });
  else if (patch === null && isOther(job, existing)) diff.newer.push(job.id);
}

function isOther(job: NewJob, existing: JobRecord): boolean {
  return job.triggerFingerprint !== existing.triggerFingerprint || job.restFingerprint !== existing.restFingerprint;
}
