import type { PruneRequest, RunFilter, RunHistory, RunPage, RunRecord } from '../../core/index.js';
import type { JobTable } from './job-table.js';
import type { JobRow } from './rows.js';

/** A run that may be on the page; its record is read only when it is. */
interface Candidate {
  readonly fireTime: number;
  readonly serial: number;
  read(): RunRecord;
}

/** Reading and pruning of a memory store's runs. */
export class MemoryRunHistory implements RunHistory {
  constructor(private readonly table: JobTable) {}

  find(runId: string): RunRecord | null {
    const run = this.table.unsettledRun(runId);
    if (run !== undefined) return { ...run.record };
    const found = this.table.findSettled(runId);
    return found === null ? null : this.table.settled.read(found.row, found.entry);
  }

  page(filter: RunFilter): RunPage {
    const { limit } = filter;
    const newest = new Newest(limit + 1, positionOf(filter.cursor));
    for (const row of this.rowsOf(filter)) this.offerRuns(row, filter, newest);
    for (const run of this.table.strays.values()) {
      if (run.job.isGone)
        newest.offer({ fireTime: run.record.fireTime, serial: run.serial, read: () => run.record }, filter);
    }
    const found = newest.taken();
    const runs = found.slice(0, limit).map((candidate) => ({ ...candidate.read() }));
    const last = found[limit - 1];
    return { runs, cursor: found.length > limit ? `${last.fireTime}_${last.serial}` : null };
  }

  prune(request: PruneRequest): number {
    let left = request.limit;
    for (const row of [...this.table.keepers()]) {
      if (row.settledCount > 0) left -= this.pruneJob(row, request, left);
      if (left <= 0) break;
    }
    return request.limit - left;
  }

  private pruneJob(row: JobRow, request: PruneRequest, limit: number): number {
    const { runs } = this.table.settled;
    const own = row.record.policy.history;
    const kept = own?.count ?? request.keepPerJob ?? Number.POSITIVE_INFINITY;
    const age = own?.age ?? null;
    const before = age === null ? (request.settledBefore ?? -1) : request.at - age;
    let dropped = 0;
    while (dropped < limit && row.settledCount > 0) {
      if (row.settledCount <= kept && runs.settledAt(row.firstSettled) >= before) break;
      this.table.settled.dropOldest(row);
      dropped++;
    }
    if (row.isGone && row.settledCount === 0) this.table.settled.removed.delete(row.record.id);
    return dropped;
  }

  private rowsOf(filter: RunFilter): Iterable<JobRow> {
    if (filter.jobId === undefined) return this.table.keepers();
    const row = this.table.rows.get(filter.jobId) ?? this.table.settled.removed.get(filter.jobId);
    return row === undefined ? [] : [row];
  }

  private offerRuns(row: JobRow, filter: RunFilter, newest: Newest): void {
    const { settled } = this.table;
    if (!row.isGone) {
      for (const { record, serial } of row.unsettled()) {
        newest.offer({ fireTime: record.fireTime, serial, read: () => record }, filter);
      }
    }
    for (let entry = row.firstSettled; entry >= 0; entry = settled.runs.next(entry)) {
      const at = entry;
      const fireTime = settled.runs.fireTime(entry);
      newest.offer({ fireTime, serial: settled.runs.serial(entry), read: () => settled.read(row, at) }, filter);
    }
  }
}

/** The newest `size` candidates that lie beyond the cursor and match. */
class Newest {
  private kept: Candidate[] = [];
  /** What lies behind it is on no page of this size. */
  private last: Candidate | null = null;

  constructor(
    private readonly size: number,
    private readonly cursor: Pick<Candidate, 'fireTime' | 'serial'> | null,
  ) {}

  offer(candidate: Candidate, filter: RunFilter): void {
    if (this.cursor !== null && newestFirst(this.cursor, candidate) >= 0) return;
    if (this.last !== null && newestFirst(candidate, this.last) > 0) return;
    if (!matches(candidate.read(), filter)) return;
    this.kept.push(candidate);
    if (this.kept.length < 4 * this.size + 100) return;
    this.kept = this.taken();
    this.last = this.kept[this.size - 1];
  }

  taken(): Candidate[] {
    return this.kept.sort(newestFirst).slice(0, this.size);
  }
}

function newestFirst(
  one: Pick<Candidate, 'fireTime' | 'serial'>,
  other: Pick<Candidate, 'fireTime' | 'serial'>,
): number {
  return other.fireTime - one.fireTime || other.serial - one.serial;
}

function positionOf(cursor: string | undefined): { fireTime: number; serial: number } | null {
  if (cursor === undefined) return null;
  const [fireTime, serial] = cursor.split('_').map(Number);
  return { fireTime, serial };
}

function matches(run: RunRecord, filter: RunFilter): boolean {
  return (
    (filter.jobId === undefined || run.jobId === filter.jobId) &&
    (filter.states === undefined || filter.states.includes(run.state)) &&
    (filter.reason === undefined || run.reason === filter.reason) &&
    (filter.node === undefined || run.node === filter.node) &&
    (filter.kind === undefined || run.kind === filter.kind) &&
    (filter.from === undefined || run.fireTime >= filter.from) &&
    (filter.to === undefined || run.firstFireTime <= filter.to)
  );
}
