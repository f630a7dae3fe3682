import type { Instant, JobPatch, JobRecord, NewJob, PutOptions, PutResult } from '../../core/index.js';
import { announced, applyPatch, patched } from './patch-step.js';
import { newJobRecord } from './records.js';
import type { StoredJob, StoredRun } from './records.js';
import type { Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/** Jobs written together, at most: a server gives out new keys in blocks, and takes statements of bounded size. */
const AT_A_TIME = 2_000;

/** What is to be done with one item. */
interface Decision {
  readonly job: NewJob;
  /** Id of the row that is there, which may be an alias; null: none is. */
  readonly found: string | null;
  readonly answer: JobPatch | null | 'refuse';
}

/** One put: asks `reconcile` about every item first, then writes. */
export class PutStep {
  /** Rows by id, as they are so far. */
  private readonly stored = new Map<string, StoredJob>();
  /** Jobs as they will be after the items so far; null: renamed away. */
  private readonly ahead = new Map<string, JobRecord | NewJob | null>();
  private readonly results: PutResult[] = [];
  /** Runs by the key of their job, until that is written. */
  private readonly unsettled = new Map<number, readonly StoredRun[]>();
  private now: Instant = 0;
  /** New jobs in a row are written together. */
  private added: NewJob[] = [];

  constructor(
    private readonly session: Session,
    private readonly options: PutOptions,
  ) {}

  *run(jobs: readonly NewJob[]): Steps<PutResult[]> {
    let decisions = yield* this.decideAll(jobs);
    yield* this.readTakenBack(decisions);
    if (this.unsettled.size > 0) {
      this.now = this.options.now();
      const heardWithin = yield* announced(this.session, this.unsettled.values(), this.now);
      if (heardWithin !== null) this.now = this.options.now() + heardWithin;
      decisions = jobs.map((job) => this.decide(job));
    }
    for (const decision of decisions) yield* this.write(decision);
    yield* this.addAll();
    return this.results;
  }

  /** The results, if there is nothing to write; null: there is. */
  *look(jobs: readonly NewJob[]): Steps<PutResult[] | null> {
    const results: PutResult[] = [];
    for (const { job, found, answer: decided } of yield* this.decideAll(jobs)) {
      const isLeft = found !== null && (decided === 'refuse' || (decided === null && found === job.id));
      if (!isLeft) return null;
      const { record } = this.stored.get(found)!;
      results.push({ kind: decided === null ? 'unchanged' : 'refused', job: record, before: record });
    }
    return results;
  }

  private *decideAll(jobs: readonly NewJob[]): Steps<Decision[]> {
    const ids = new Set<string>();
    for (const { id, aliases } of jobs) {
      ids.add(id);
      for (const alias of aliases) ids.add(alias);
    }
    for (const job of yield* answer(this.session.jobs.byIds([...ids]))) this.stored.set(job.record.id, job);
    this.now = this.options.now();
    return jobs.map((job) => this.decide(job));
  }

  /** Reads the runs of jobs that claims may be taken back of. */
  private *readTakenBack(decisions: readonly Decision[]): Steps<void> {
    const keys: number[] = [];
    for (const { found, answer: decided } of decisions) {
      if (found === null || decided === null || decided === 'refuse') continue;
      const stored = decided.withdraw || decided.replace ? this.stored.get(found) : undefined;
      if (stored !== undefined) keys.push(stored.key);
    }
    if (keys.length === 0) return;
    this.ahead.clear();
    const found = yield* answer(this.session.runs.unsettledOf(keys));
    for (const key of keys) this.unsettled.set(key, found.get(key) ?? []);
  }

  private decide(job: NewJob): Decision {
    const existing = this.find(job);
    if (existing === null) {
      this.ahead.set(job.id, job);
      return { job, found: null, answer: null };
    }
    const decided = this.options.reconcile(existing, job, this.now);
    if (decided !== 'refuse') {
      this.ahead.set(existing.id, null);
      this.ahead.set(job.id, { ...patched(existing, decided ?? {}), id: job.id });
    }
    return { job, found: existing.id, answer: decided };
  }

  private find(job: NewJob): JobRecord | null {
    for (const id of [job.id, ...job.aliases]) {
      const ahead = this.ahead.get(id);
      if (ahead) return 'version' in ahead ? ahead : newJobRecord(ahead, 0);
      const stored = ahead === undefined ? this.stored.get(id) : undefined;
      if (stored !== undefined) return stored.record;
    }
    return null;
  }

  private *write({ job, found, answer: decided }: Decision): Steps<void> {
    if (found === null) {
      this.added.push(job);
      return;
    }
    yield* this.addAll();
    const existing = this.stored.get(found)!;
    const before = existing.record;
    if (decided === 'refuse') {
      this.results.push({ kind: 'refused', job: before, before });
    } else if (decided === null && found === job.id) {
      this.results.push({ kind: 'unchanged', job: before, before });
    } else {
      const change = { id: job.id, patch: decided ?? {}, at: this.now, unsettled: this.unsettled.get(existing.key) };
      this.unsettled.delete(existing.key);
      const changed = yield* applyPatch(this.session, existing, change);
      this.stored.delete(found);
      this.stored.set(job.id, changed);
      this.results.push({ kind: 'changed', job: changed.record, before });
    }
  }

  private *addAll(): Steps<void> {
    if (this.added.length === 0) return;
    const added = this.added;
    this.added = [];
    for (let from = 0; from < added.length; from += AT_A_TIME) yield* this.addSome(added.slice(from, from + AT_A_TIME));
  }

  private *addSome(added: readonly NewJob[]): Steps<void> {
    const generation = yield* answer(this.session.jobs.newGenerations(added.length));
    const records = added.map((job, index) => newJobRecord(job, generation + index));
    for (const job of yield* answer(this.session.jobs.insert(records))) {
      this.stored.set(job.record.id, job);
      this.results.push({ kind: 'added', job: job.record, before: null });
    }
  }
}
