import type { Instant, JobPatch, JobRecord, NewJob, PutOptions, PutResult } from '../../core/index.js';
import { ownList } from './interner.js';
import type { Interner } from './interner.js';
import type { JobTable } from './job-table.js';
import { applyPatch } from './patch-step.js';
import { patched, recordOf } from './rows.js';
import type { MutableJobRecord } from './rows.js';

/** What is to be done with one item. */
interface Decision {
  readonly job: NewJob;
  /** Id of the row that is there, which may be an alias; null: none is. */
  readonly found: string | null;
  readonly answer: JobPatch | null | 'refuse';
}

/** One put: asks `reconcile` for every item first, then writes, so that a throw leaves nothing half done. */
export class PutStep {
  /** Rows as they will be after the items so far; null: renamed away. */
  private readonly ahead = new Map<string, JobRecord | null>();
  private readonly now: Instant;

  constructor(
    private readonly table: JobTable,
    private readonly interner: Interner,
    private readonly options: PutOptions,
  ) {
    this.now = options.now();
  }

  run(jobs: readonly NewJob[]): PutResult[] {
    return jobs.map((job) => this.decide(job)).map((decision) => this.write(decision));
  }

  private decide(job: NewJob): Decision {
    const existing = this.find(job);
    if (existing === null) {
      this.ahead.set(job.id, job as NewJob & JobRecord);
      return { job, found: null, answer: null };
    }
    const answer = this.options.reconcile(existing, job, this.now);
    if (answer !== 'refuse') {
      this.ahead.set(existing.id, null);
      this.ahead.set(job.id, { ...patched(existing, answer ?? {}), id: job.id });
    }
    return { job, found: existing.id, answer };
  }

  private find({ id, aliases }: NewJob): JobRecord | null {
    let found = this.findById(id);
    for (let at = 0; found === null && at < aliases.length; at++) found = this.findById(aliases[at]);
    return found;
  }

  private findById(id: string): JobRecord | null {
    const record = this.ahead.get(id);
    return record === undefined ? (this.table.rows.get(id)?.record ?? null) : record;
  }

  private write({ job, found, answer }: Decision): PutResult {
    if (found === null) {
      const record = this.newRecord(job);
      this.table.insert(record);
      return { kind: 'added', job: { ...record }, before: null };
    }
    const row = this.table.rows.get(found)!;
    const before = row.record;
    if (answer === 'refuse') return { kind: 'refused', job: { ...before }, before: { ...before } };
    if (answer === null && found === job.id) return { kind: 'unchanged', job: { ...before }, before: { ...before } };
    applyPatch(this.table, row, { id: job.id, patch: answer ?? {}, at: this.now });
    return { kind: 'changed', job: { ...row.record }, before };
  }

  private newRecord(job: NewJob): MutableJobRecord {
    const record = recordOf(job, this.table.nextGeneration());
    record.trigger = this.interner.text(job.trigger);
    record.task = this.interner.text(job.task);
    record.timezone = this.interner.text(job.timezone);
    record.triggerFingerprint = this.interner.text(job.triggerFingerprint);
    record.restFingerprint = this.interner.text(job.restFingerprint);
    record.appVersion = this.interner.text(job.appVersion);
    record.policy = this.interner.object(job.policy);
    record.hooks = job.hooks === null ? null : this.interner.object(job.hooks);
    record.args = ownList(job.args);
    record.tags = ownList(job.tags);
    return record;
  }
}
