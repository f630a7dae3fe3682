import type { Admission, EnterRequest, EnterResult, NewRun, RunRecord } from '../../core/index.js';
import { ownList } from './interner.js';
import type { JobTable } from './job-table.js';
import type { JobRow, RunRow, RunStart } from './rows.js';

const STOPPED = 'replaced by a newer run';

/** What is to be done with one run. */
type Decision =
  { readonly result: EnterResult } | { readonly row: JobRow; readonly run: RunRow; readonly admission: Admission };

/**
 * Runs that were asked for. Everything is judged first, each run with those before it, and then written, so that a throw
 * leaves nothing half done.
 */
export class EnterStep {
  /** Unsettled runs of the jobs concerned, as they will be after the runs so far. */
  private readonly ahead = new Map<JobRow, RunRecord[]>();

  constructor(
    private readonly table: JobTable,
    private readonly request: EnterRequest,
  ) {}

  run(): EnterResult[] {
    return this.request.runs.map((run) => this.decide(run)).map((decision) => this.write(decision));
  }

  private decide(asked: NewRun): Decision {
    const row = this.table.rows.get(asked.jobId);
    if (row === undefined) return { result: { kind: 'noJob', run: null } };
    const unsettled = this.unsettledOf(row);
    const existing = asked.kind === 'manual' ? null : this.runFor(row, asked.fireTime);
    if (existing !== null) return { result: { kind: 'exists', run: { ...existing } } };
    const admission = this.request.admit(row.record, [...unsettled], asked);
    const run = this.table.make(row, startOf(asked), this.request.at);
    run.record.forced = asked.forced;
    run.record.args = asked.args === null ? null : ownList(asked.args);
    if (admission.as !== 'skipped') this.foresee(row, run, admission);
    return { row, run, admission };
  }

  private unsettledOf(row: JobRow): RunRecord[] {
    let unsettled = this.ahead.get(row);
    if (unsettled === undefined) {
      unsettled = [...row.unsettledRecords()];
      this.ahead.set(row, unsettled);
    }
    return unsettled;
  }

  private runFor(row: JobRow, fireTime: number): RunRecord | null {
    const entered = this.unsettledOf(row).find((run) => run.fireTime === fireTime && run.kind !== 'manual');
    return entered?.jobGeneration === row.record.generation ? entered : this.table.runFor(row, fireTime);
  }

  private foresee(row: JobRow, run: RunRow, admission: Exclude<Admission, { as: 'skipped' }>): void {
    run.record.state = admission.as === 'buffered' ? 'buffered' : 'waiting';
    const gone = new Set(admission.as === 'buffered' ? admission.drop : []);
    const left = this.unsettledOf(row).filter(({ id, node }) => {
      return !gone.has(id) && !(node === null && admission.cancel?.includes(id));
    });
    this.ahead.set(row, [...left, run.record]);
  }

  private write(decision: Decision): EnterResult {
    if ('result' in decision) return decision.result;
    const { table } = this;
    const { at } = this.request;
    const { row, run, admission } = decision;
    if (admission.as === 'skipped') return { kind: 'skipped', run: table.endUnmade(run, admission, at) };
    for (const id of admission.as === 'buffered' ? (admission.drop ?? []) : []) {
      const dropped = row.unsettledRun(id);
      if (dropped?.record.state === 'buffered') table.drop(dropped, at);
    }
    for (const id of admission.cancel ?? []) {
      const open = row.unsettledRun(id);
      if (open !== undefined) table.askToStop(open, at, STOPPED);
    }
    table.attach(run);
    if (admission.as === 'buffered') table.promote(row, at);
    else run.lane.queue(run, run.dueForClaim());
    return { kind: 'entered', run: { ...run.record } };
  }
}

function startOf({ kind, fireTime, dueAt }: NewRun): RunStart {
  return { kind, fireTime, firstFireTime: fireTime, count: 1, countIsExact: true, dueAt };
}
