import type {
  ChangeRequest,
  ChangeResult,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  EnterRequest,
  EnterResult,
  Instant,
  JobAfterwards,
  JobFilter,
  JobPatch,
  JobRecord,
  JobStore,
  NewJob,
  NewRun,
  PlanRuns,
  PutOptions,
  PutResult,
  Renewal,
  Settlement,
  Store,
} from '../../../lib/core/index.js';
import { ModelClaim, readDue } from './model-claim.js';
import type { ModelReading } from './model-claim.js';
import { ModelHistory, ModelNodes } from './model-history.js';
import { ModelTable } from './model-table.js';
import type { ModelRun } from './model-table.js';

const STOPPED = 'replaced by a newer run';

/** The contract of a job store, written down once more from its docstrings and from nothing else. Every step is whole. */
export class ModelJobStore implements JobStore {
  constructor(readonly table: ModelTable) {}

  open(): void {}
  close(): void {}

  put(jobs: readonly NewJob[], options: PutOptions): PutResult[] {
    const before = new Map(this.table.jobs);
    try {
      return jobs.map((job) => this.putOne(job, options));
    } catch (error) {
      this.table.jobs.clear();
      for (const [id, job] of before) this.table.jobs.set(id, job);
      throw error;
    }
  }

  change(request: ChangeRequest): ChangeResult[] {
    if ('cancel' in request) return this.cancel(request.cancel, request.at, request.detail);
    const { table } = this;
    const ids = new Set(request.ids ?? table.ordered().map(({ id }) => id));
    const found = [...ids].flatMap((id) => table.jobs.get(id) ?? []);
    const at = request.now();
    const decided = found.map((job) => {
      const answer = request.decide({ ...job }, table.copiesOf(job.id), at);
      return { job, answer, skips: answer === null ? [] : (request.record?.({ ...job }, at) ?? []) };
    });
    return decided.flatMap(({ job, answer, skips }): ChangeResult[] => {
      if (answer === null) return [];
      const after = this.applyChange(job, answer, at);
      for (const skip of skips) if (after !== null) table.skip(after, skip, at);
      return [{ before: { ...job }, after: after === null ? null : { ...after } }];
    });
  }

  enter({ runs, at, admit }: EnterRequest): EnterResult[] {
    return runs.map((asked) => {
      const job = this.table.jobs.get(asked.jobId);
      if (job === undefined) return { kind: 'noJob', run: null };
      const existing = asked.kind === 'manual' ? null : this.table.runFor(job, asked.fireTime);
      if (existing !== null) return { kind: 'exists', run: { ...existing } };
      return this.enterOne(job, asked, at, admit);
    });
  }

  list(filter: JobFilter = {}): JobRecord[] {
    const { ids, after, limit = Infinity } = filter;
    const isWanted = (job: JobRecord): boolean =>
      (ids === undefined || ids.includes(job.id)) &&
      (after === undefined || job.id > after) &&
      (filter.origin === undefined || filter.origin === job.origin) &&
      (filter.status === undefined || filter.status.includes(job.status)) &&
      (filter.task === undefined || filter.task === job.task) &&
      (filter.tag === undefined || job.tags.includes(filter.tag)) &&
      (filter.paused === undefined || filter.paused === (job.pause !== null));
    return this.table
      .ordered()
      .filter(isWanted)
      .slice(0, limit)
      .map((job) => ({ ...job }));
  }

  claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    const window = { now: request.now, until: request.until };
    const planOf = (job: JobRecord) => {
      try {
        return plan({ ...job }, this.table.copiesOf(job.id), window);
      } catch {
        return null;
      }
    };
    return new ModelClaim(this.table, request, planOf).run();
  }

  /** The claim of a store that cannot plan inside of its step: what was due is read, and applied in a second step. */
  readDue(request: ClaimRequest, plan: PlanRuns): ModelReading {
    return readDue(this.table, request, plan);
  }

  claimRead(request: ClaimRequest, reading: ModelReading): ClaimResult {
    const left = new Map(reading);
    const planOf = (job: JobRecord) => {
      const read = left.get(job.id);
      left.delete(job.id);
      return read !== undefined && this.isAsRead(job, read.revision) ? read.plan : undefined;
    };
    return new ModelClaim(this.table, request, planOf).run();
  }

  renew(claims: readonly ClaimKey[], until: Instant): Renewal[] {
    return claims.map(({ runId, token }) => {
      const run = this.table.runs.get(runId);
      if (run === undefined || run.node === null || !this.isLatest(run, token))
        return { held: false, cancelRequested: false };
      run.leaseUntil = until;
      return { held: true, cancelRequested: run.cancelRequested };
    });
  }

  settle(settlements: readonly Settlement[]): boolean[] {
    return settlements.map((settlement) => {
      const run = this.table.runs.get(settlement.runId);
      if (run === undefined) return this.table.settled.get(settlement.runId)?.token === settlement.token;
      if (!this.isLatest(run, settlement.token)) return false;
      this.settleOne(run, settlement);
      return true;
    });
  }

  /** P7. */
  protected isLatest(run: ModelRun, token: number): boolean {
    return run.token === token;
  }

  protected isAsRead(job: JobRecord, revision: number): boolean {
    return this.table.revisionOf(job.id) === revision;
  }

  protected applyChange(job: JobRecord, answer: JobPatch | 'remove', at: Instant): JobRecord | null {
    if (answer !== 'remove') return this.table.patch(job, answer, at);
    this.table.remove(job, at);
    return null;
  }

  protected settleOne(run: ModelRun, settlement: Settlement): void {
    const { table } = this;
    const isStray = table.strays.has(run.id);
    run.attempt = settlement.attempt;
    if (settlement.kind !== 'release') run.startedAt = settlement.startedAt;
    if (settlement.kind === 'outcome') {
      table.close(run, settlement);
      if (!isStray) this.closed(run, settlement);
    } else if (!isStray) {
      if (settlement.kind === 'retry') run.error = settlement.error;
      table.letGo(run, settlement.dueAt);
    } else if (settlement.kind === 'release') {
      table.forget(run);
    } else {
      const end = { reason: null, detail: 'its job was removed', result: null, output: null, keepHistory: true };
      table.close(run, { ...end, outcome: 'failed', error: settlement.error, at: settlement.at });
    }
  }

  private closed(run: ModelRun, settlement: Extract<Settlement, { kind: 'outcome' }>): void {
    const job = this.table.jobs.get(run.jobId);
    if (job === undefined || job.generation !== run.jobGeneration) return;
    const losses = settlement.outcome === 'lost' ? job.losses : 0;
    const { afterwards, at } = settlement;
    if (losses === job.losses && afterwards === null) return;
    this.table.write({ ...job, losses, ...(afterwards === null ? {} : setAfterwards(job, afterwards, at)) });
  }

  private putOne(job: NewJob, { now, reconcile }: PutOptions): PutResult {
    const existing = [job.id, ...job.aliases].map((id) => this.table.jobs.get(id)).find((it) => it !== undefined);
    if (existing === undefined) return { kind: 'added', job: { ...this.table.add(job) }, before: null };
    const at = now();
    const answer = reconcile({ ...existing }, job, at);
    if (answer === 'refuse') return { kind: 'refused', job: { ...existing }, before: { ...existing } };
    if (answer === null && existing.id === job.id)
      return { kind: 'unchanged', job: { ...existing }, before: { ...existing } };
    const after = this.table.patch(existing, answer ?? {}, at, job.id);
    return { kind: 'changed', job: { ...after }, before: { ...existing } };
  }

  private cancel(runId: string, at: Instant, detail: string | null): ChangeResult[] {
    const { table } = this;
    const run = table.runs.get(runId) ?? table.settled.get(runId);
    if (run === undefined) return [];
    if (run.settledAt === null) table.askToStop(run, at, detail);
    const job = table.jobs.get(run.jobId) ?? null;
    return [{ before: job ?? ({ id: run.jobId } as JobRecord), after: job, run: { ...run } }];
  }

  private enterOne(job: JobRecord, asked: NewRun, at: Instant, admit: EnterRequest['admit']): EnterResult {
    const { table } = this;
    const admission = admit({ ...job }, table.copiesOf(job.id), asked);
    const start = { ...asked, firstFireTime: asked.fireTime, count: 1, countIsExact: true };
    const run = table.make(job, start, at);
    run.forced = asked.forced;
    run.args = structuredClone(asked.args);
    if (admission.as === 'skipped') return { kind: 'skipped', run: { ...table.endUnmade(job, run, admission, at) } };
    const found = (ids: readonly string[] = []) => ids.flatMap((id) => table.runs.get(id) ?? []);
    if (admission.as === 'buffered') {
      for (const dropped of found(admission.drop)) if (dropped.state === 'buffered') table.drop(dropped, at);
    }
    for (const open of found(admission.cancel)) table.askToStop(open, at, STOPPED);
    if (admission.as === 'buffered') run.state = 'buffered';
    table.attach(run);
    if (admission.as === 'buffered') table.promote(job.id, at);
    return { kind: 'entered', run: { ...run } };
  }
}

function setAfterwards(job: JobRecord, { fireTime, dueAt, finished, pause }: JobAfterwards, at: Instant) {
  const set: JobPatch = pause === undefined ? {} : { pause };
  // A job that has a fire time was rescheduled meanwhile, and may have come to its end since.
  const isOver = job.fireTime !== null || job.status === 'finished';
  const position: JobPatch = isOver ? {} : { fireTime: fireTime ?? null, dueAt: dueAt ?? null };
  const end: JobPatch =
    isOver || finished === undefined ? {} : { status: 'finished', statusReason: finished, statusAt: at };
  return { ...set, ...position, ...end, version: job.version + 1 };
}

/** The whole model: a store that all nodes share. */
export function createModelStore(jobs: (table: ModelTable) => ModelJobStore = (table) => new ModelJobStore(table)) {
  const table = new ModelTable();
  const store = {
    alias: 'default',
    isShared: true,
    jobs: jobs(table),
    history: new ModelHistory(table),
    nodes: new ModelNodes(),
  };
  return store satisfies Store;
}
