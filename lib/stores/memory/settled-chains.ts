import type { HistoryPolicy, Instant, PlannedSkip, RunRecord } from '../../core/index.js';
import type { JobRow } from './rows.js';
import type { RunIds } from './run-ids.js';
import { SettledRuns } from './settled-runs.js';

/** Settled runs kept of a job where nobody names a number (SEMANTICS 4). */
const KEPT_PER_JOB = 20;

/** Removed jobs whose history is kept, the latest ones. */
const KEPT_REMOVED_JOBS = 1_000;

/** Each job's settled runs, oldest first, the newest ones only. */
export class SettledChains {
  readonly runs = new SettledRuns();
  /** Removed jobs with a history, in the order they went. */
  readonly removed = new Map<string, JobRow>();

  /** @param kept of jobs whose policy says nothing of it */
  constructor(
    private readonly ids: RunIds,
    private readonly kept: HistoryPolicy,
  ) {}

  archive(row: JobRow, record: RunRecord, serial: number): void {
    const { history } = row.record.policy;
    const kept = history?.count ?? this.kept.count ?? KEPT_PER_JOB;
    if (kept <= 0) return;
    const entry = this.runs.add(record, serial, row.lastSettled);
    if (row.lastSettled < 0) row.firstSettled = entry;
    else this.runs.link(row.lastSettled, entry);
    row.lastSettled = entry;
    row.settledCount++;
    while (row.settledCount > kept) this.dropOldest(row);
    const age = history?.age ?? this.kept.age;
    if (age !== null) this.dropOlder(row, this.runs.settledAt(entry) - age);
    if (row.isGone) this.retire(row);
  }

  /** Lets the newest record cover `skip` too, if it is one of the same and nothing came between. */
  extendNewest(row: JobRow, skip: PlannedSkip, at: Instant): RunRecord | null {
    if (!this.isMoreOfTheSame(row, skip)) return null;
    this.runs.extend(row.lastSettled, skip, at);
    return this.read(row, row.lastSettled);
  }

  /** The settled run for a fire time; manual and skipped ones are none. */
  runFor(row: JobRow, fireTime: Instant): RunRecord | null {
    for (let entry = row.firstSettled; entry >= 0; entry = this.runs.next(entry)) {
      if (this.runs.fireTime(entry) === fireTime && this.isRunOf(row, entry)) return this.read(row, entry);
    }
    return null;
  }

  /** Entry of a run in its job's chain; -1: it has none. */
  entryOf(row: JobRow, runId: string): number {
    const serial = this.ids.serialOf(runId);
    if (serial === null) return -1;
    let entry = row.firstSettled;
    while (entry >= 0 && this.runs.serial(entry) !== serial) entry = this.runs.next(entry);
    return entry;
  }

  read(row: JobRow, entry: number): RunRecord {
    return this.runs.read(entry, this.ids.idOf(this.runs.serial(entry)), row.record.id);
  }

  dropOldest(row: JobRow): void {
    const oldest = row.firstSettled;
    row.firstSettled = this.runs.next(oldest);
    if (row.firstSettled < 0) row.lastSettled = -1;
    row.settledCount--;
    this.runs.free(oldest);
  }

  private dropOlder(row: JobRow, than: Instant): void {
    while (row.settledCount > 1 && this.runs.settledAt(row.firstSettled) < than) this.dropOldest(row);
  }

  /** Keeps the history of a job that is gone, for a while. */
  retire(row: JobRow): void {
    if (row.settledCount === 0) return;
    this.removed.set(row.record.id, row);
    if (this.removed.size <= KEPT_REMOVED_JOBS) return;
    const [oldest] = this.removed.values();
    this.removed.delete(oldest.record.id);
    while (oldest.settledCount > 0) this.dropOldest(oldest);
  }

  /** A job that comes under the id of a removed one goes on with its history. */
  adopt(row: JobRow): void {
    const former = this.removed.get(row.record.id);
    if (former === undefined) return;
    this.removed.delete(row.record.id);
    this.runs.link(former.lastSettled, row.firstSettled);
    row.firstSettled = former.firstSettled;
    if (row.lastSettled < 0) row.lastSettled = former.lastSettled;
    row.settledCount += former.settledCount;
    former.firstSettled = -1;
    former.lastSettled = -1;
    former.settledCount = 0;
  }

  private isMoreOfTheSame(row: JobRow, skip: PlannedSkip): boolean {
    const entry = row.lastSettled;
    if (entry < 0 || this.runs.outcome(entry) !== 'skipped' || this.runs.kind(entry) !== 'scheduled') return false;
    const before = this.runs.particulars(entry);
    return (
      before.reason === skip.reason &&
      before.detail === skip.detail &&
      this.runs.generation(entry) === row.record.generation &&
      this.runs.fireTime(entry) < skip.firstFireTime &&
      // A run in between would seem to be covered by the range.
      row.lastFireTime <= this.runs.fireTime(entry)
    );
  }

  private isRunOf(row: JobRow, entry: number): boolean {
    return (
      this.runs.outcome(entry) !== 'skipped' &&
      this.runs.kind(entry) !== 'manual' &&
      this.runs.generation(entry) === row.record.generation
    );
  }
}
