import type { Instant, RunRecord } from '../../core/index.js';
import type { Changes } from './changes.js';
import type { JobDraft, RunChange } from './job-draft.js';
import { encodeHot, encodeKind, encodeLosses, encodeOwn, kindNameOf, versionHead, wakeAtOf } from './job-text.js';
import type { JobKind, StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import { ID_WIDTH, idsOf } from './run-ids.js';
import { claimOf, encodeRun, headOf } from './run-text.js';

/** Runs that a job's row names; more are moved to a list of their own. */
export const RECENT_RUNS = 16;

/** Stands for bytes that are no text. */
const NO_TEXT = '\ufffd';

export interface WriteOptions {
  /** The claim has taken the job, and its run that waits, out of the lanes already. */
  readonly isTaken?: boolean;
  /** What was worked out does not depend on the runs that are left as they are. */
  readonly guardsChangedRuns?: boolean;
  /** Nor on the job, as long as it is left as it is. */
  readonly ignoresJob?: boolean;
  /** The claim under which runs are held from now on; they are noted in `held`. */
  readonly claim?: { readonly id: string; readonly held: string[] };
  /** Name, arguments, policy and so on may have changed, too. */
  readonly isDefinition?: boolean;
  /** Ids that jobs have left in this step: their rows are there still, and are somebody else's from then on. */
  readonly left?: ReadonlySet<string>;
}

/** Where something waits for its time; null: nowhere. */
type Place = { readonly lane: string; readonly at: Instant } | null;

/** Writes what became of a job and its runs, and guards what it went by. */
export function writeDraft(changes: Changes, draft: JobDraft, options: WriteOptions = {}): void {
  const { before, job } = draft;
  const id = (before ?? job)?.record.id;
  if (before !== job) writeJob(changes, draft, lineOf(id!), options);
  else if (before !== null && !options.ignoresJob) changes.guardJob(lineOf(id!), versionHead(before.record.version));
  for (const run of draft.runs) writeRun(changes, draft, run, options);
  changes.dueBy(draft.takenBackDueAt);
}

function writeJob(changes: Changes, draft: JobDraft, key: string, options: WriteOptions): void {
  const { before } = draft;
  guardRow(changes, draft, key, options.left);
  const after = draft.job === null ? null : withoutOldRuns(changes, draft);
  const afterKey = after === null ? key : lineOf(after.record.id);
  if (before === null || after === null || afterKey !== key) changes.movesIds = true;
  if (before !== null && afterKey !== key) forget(changes, before, key);
  if (after === null) {
    forget(changes, before!, key);
    keepHistory(changes, key, before!.recent);
    return;
  }
  changes.field('hot', afterKey, encodeHot(after));
  if (before === null || options.isDefinition || afterKey !== key) {
    writeDefinition(changes, after, afterKey === key ? before : null, afterKey);
  }
  writeLosses(changes, before, after, afterKey);
  const was = before === null || options.isTaken || afterKey !== key ? null : jobPlace(before);
  move(changes, `j${afterKey}`, was, jobPlace(after));
}

/** The same as `writeDraft` comes to for a job that is new and has no runs, in fewer steps. */
export function writeNew(changes: Changes, job: StoredJob): void {
  const { record } = job;
  const key = lineOf(record.id);
  changes.movesIds = true;
  changes.plainJob(key, null, job);
  changes.plainDefinition(key, record);
  changes.countKind(job.kind, 1, record);
  const { history } = record.policy;
  if (history !== null) changes.field('kept', key, JSON.stringify(history));
  if (record.losses > 0) changes.field('losses', key, encodeLosses(record));
  const place = jobPlace(job);
  if (place !== null) changes.plainPlace(place.lane, key, place.at);
}

/** The job must be as it was read, and nobody may have the id that it gets. */
function guardRow(changes: Changes, { before, job }: JobDraft, key: string, left?: ReadonlySet<string>): void {
  if (before?.isDamaged) guardDamaged(changes, key, before.hot!);
  else if (before !== null) changes.guardJob(key, versionHead(before.record.version));
  const id = job?.record.id ?? null;
  if (id !== null && id !== before?.record.id && left?.has(id) !== true) changes.guardJob(lineOf(id), '');
}

/** By as much of its row as can be compared: other bytes than those of texts were not read as they are. */
function guardDamaged(changes: Changes, key: string, hot: string): void {
  const [start] = hot.split(NO_TEXT, 1);
  if (start !== '') changes.guardJob(key, start);
}

function writeDefinition(changes: Changes, after: StoredJob, before: StoredJob | null, key: string): void {
  const own = encodeOwn(after.record);
  changes.field('own', key, own);
  if (before?.kind !== after.kind) {
    if (before !== null) changes.countKind(before.kind, -1, null);
    changes.countKind(after.kind, 1, after.record);
  }
  const { history } = after.record.policy;
  if (history !== null) changes.field('kept', key, JSON.stringify(history));
  else if (before !== null && before.record.policy.history !== null) changes.field('kept', key, null);
}

function writeLosses(changes: Changes, before: StoredJob | null, after: StoredJob, key: string): void {
  const was = before === null || before.record.id !== after.record.id ? 0 : before.record.losses;
  const { losses } = after.record;
  if (losses === was && before?.record.generation === after.record.generation) return;
  if (losses > 0) changes.field('losses', key, encodeLosses(after.record));
  else if (was > 0) changes.field('losses', key, null);
}

function forget(changes: Changes, before: StoredJob, key: string): void {
  changes.field('hot', key, null);
  changes.field('own', key, null);
  changes.countKind(before.kind, -1, null);
  if (before.isDamaged || before.record.losses > 0) changes.field('losses', key, null);
  if (before.isDamaged || before.record.policy.history !== null) changes.field('kept', key, null);
  move(changes, `j${key}`, jobPlace(before), null);
}

/** The runs of a job that goes stay readable under its id. */
function keepHistory(changes: Changes, key: string, recent: string): void {
  if (recent !== '') changes.command('RPUSH', `:past:${key}`, ...idsOf(recent));
}

/** A row names a few runs only; those of a job without history are gone with their end. */
function withoutOldRuns(changes: Changes, draft: JobDraft): StoredJob {
  const open = draft.openIds();
  const after: StoredJob = { ...draft.job!, open };
  if (!after.record.policy.keepHistory) return { ...after, recent: open };
  const key = lineOf(after.record.id);
  const from = RECENT_RUNS * ID_WIDTH;
  if (after.recent.length <= from) return after;
  keepHistory(changes, key, after.recent.slice(0, from));
  changes.command('SADD', ':over', key);
  return { ...after, recent: after.recent.slice(from) };
}

function writeRun(changes: Changes, draft: JobDraft, run: RunChange, options: WriteOptions): void {
  const { before, after } = run;
  if (before === null && after === null) return;
  const id = (after ?? before)!.id;
  const isChanged = before !== after;
  if (before !== null && (isChanged || !options.guardsChangedRuns)) {
    changes.guardRun(id, headOf(before.token, before.state));
  }
  if (isChanged) writeRow(changes, run, id, options);
  const was = before === null || options.isTaken ? null : runPlace(draft.before, before);
  move(changes, `r${id}`, was, after === null ? null : runPlace(draft.job, after));
}

function writeRow(changes: Changes, { before, after }: RunChange, id: string, options: WriteOptions): void {
  changes.field('run', id, after === null ? null : encodeRun(after, leased(changes, { before, after }, options)));
  if (before === null) changes.member('time', id, after!.fireTime);
  else if (after === null) changes.member('time', id, null);
  else if (before.fireTime !== after.fireTime) changes.member('time', id, after.fireTime);
  if (after === null) leased(changes, { before, after }, options);
  if (before?.state === 'buffered') changes.listed('drops', lineOf(before.jobId), id);
  if (after?.state === 'buffered') changes.listed('adds', lineOf(after.jobId), id);
}

/** Notes the lease of a run. Answers the claim that it shares one with. */
function leased(changes: Changes, { before, after }: RunChange, { claim }: WriteOptions): string | null {
  const was = before?.state === 'running' ? before : null;
  const is = after?.state === 'running' ? after : null;
  if (was !== null && is !== null && was.token === is.token) return claimOf(was);
  if (was !== null) {
    const former = claimOf(was);
    if (former !== null) changes.free(former);
    // It may have been renewed since: then the lease is its own.
    changes.member('lease', was.id, null);
  }
  if (is === null) return null;
  if (claim === undefined) {
    changes.member('lease', is.id, is.leaseUntil);
    return null;
  }
  claim.held.push(is.id);
  return claim.id;
}

export function jobPlace({ record }: StoredJob): Place {
  const at = wakeAtOf(record);
  return at === null ? null : { lane: lineOf(record.policy.executor), at };
}

/** Runs of a job that no live node knows wait until one does. */
export function runPlace(job: StoredJob | null, run: RunRecord): Place {
  if (job === null || run.state !== 'waiting') return null;
  const { status, policy } = job.record;
  if (status === 'orphaned' || status === 'unresolved') return null;
  return { lane: lineOf(policy.executor), at: run.dueAt };
}

function move(changes: Changes, name: string, from: Place, to: Place): void {
  if (from !== null && from.lane !== to?.lane) changes.member(`due:${from.lane}`, name, null);
  if (to !== null && (from?.lane !== to.lane || from.at !== to.at)) changes.member(`due:${to.lane}`, name, to.at);
}

/** Names of kinds by what they are made of; equal ones are mostly the same objects. */
export class KindNames {
  private last: JobKind | null = null;
  private name = '';

  of(job: JobKind): string {
    const { last } = this;
    if (
      last !== null &&
      last.policy === job.policy &&
      last.hooks === job.hooks &&
      last.task === job.task &&
      last.timezone === job.timezone &&
      last.origin === job.origin &&
      last.appVersion === job.appVersion
    ) {
      return this.name;
    }
    this.last = job;
    return (this.name = kindNameOf(encodeKind(job)));
  }
}
