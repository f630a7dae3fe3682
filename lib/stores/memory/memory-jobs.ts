import type {
  ChangeRequest,
  ChangeResult,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  EnterRequest,
  EnterResult,
  Instant,
  JobFilter,
  JobRecord,
  JobStore,
  NewJob,
  PlanRuns,
  PutOptions,
  PutResult,
  Renewal,
  Settlement,
} from '../../core/index.js';
import { cancelRun, changeJobs } from './change-step.js';
import { ClaimStep } from './claim-step.js';
import { EnterStep } from './enter-step.js';
import { Interner } from './interner.js';
import type { JobTable } from './job-table.js';
import { PutStep } from './put-step.js';
import { renewClaim, settleRun } from './settle-step.js';

/** The job store of one process; every method answers at once. */
export class MemoryJobStore implements JobStore {
  private readonly interner = new Interner();

  constructor(private readonly table: JobTable) {}

  /** Nothing to make. */
  open(): void {}

  /** Nothing to give back: the jobs stay as long as the store itself. */
  close(): void {}

  put(jobs: readonly NewJob[], options: PutOptions): PutResult[] {
    return new PutStep(this.table, this.interner, options).run(jobs);
  }

  change(request: ChangeRequest): ChangeResult[] {
    return 'cancel' in request ? cancelRun(this.table, request) : changeJobs(this.table, request);
  }

  enter(request: EnterRequest): EnterResult[] {
    return new EnterStep(this.table, request).run();
  }

  list(filter: JobFilter = {}): JobRecord[] {
    const { limit = Number.POSITIVE_INFINITY, after } = filter;
    const found: JobRecord[] = [];
    for (const id of filter.ids === undefined ? this.table.orderedIds() : [...new Set(filter.ids)].sort()) {
      if (found.length >= limit) break;
      const record = after !== undefined && id <= after ? undefined : this.table.rows.get(id)?.record;
      if (record !== undefined && matches(record, filter)) found.push({ ...record });
    }
    return found;
  }

  claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    return new ClaimStep(this.table, request, plan).run();
  }

  renew(claims: readonly ClaimKey[], until: Instant): Renewal[] {
    return claims.map((claim) => renewClaim(this.table, claim, until));
  }

  settle(settlements: readonly Settlement[]): boolean[] {
    return settlements.map((settlement) => settleRun(this.table, settlement));
  }
}

function matches(record: JobRecord, filter: JobFilter): boolean {
  return (
    (filter.origin === undefined || record.origin === filter.origin) &&
    (filter.status === undefined || filter.status.includes(record.status)) &&
    (filter.task === undefined || record.task === filter.task) &&
    (filter.tag === undefined || record.tags.includes(filter.tag)) &&
    (filter.paused === undefined || (record.pause !== null) === filter.paused)
  );
}
