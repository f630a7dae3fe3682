import type {
  ChangeRequest,
  ChangeResult,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  EnterRequest,
  EnterResult,
  Instant,
  JobPatch,
  JobStore,
  NewJob,
  PlanRuns,
  PutOptions,
  PutResult,
  Renewal,
  RunRecord,
  Settlement,
  Store,
} from '../../lib/core/index.js';
import type { Ledger } from './ledger.js';

/** A store whose claim can be made in two steps. */
export interface TwoStepJobs extends JobStore {
  readDue(request: ClaimRequest, plan: PlanRuns): unknown;
  claimRead(request: ClaimRequest, reading: any): ClaimResult;
}

/** The store behind its wire: makes a step, tells the ledger, and answers copies, as what comes over a wire is. */
export class Server {
  constructor(
    readonly base: Store,
    private readonly ledger: Ledger,
    /** The store's own clock; null: it answers the time it was asked with. */
    private readonly clock: (() => Instant) | null,
  ) {}

  /** The first step of a claim, where it has two. */
  readDue(request: ClaimRequest, plan: PlanRuns): unknown {
    return (this.base.jobs as TwoStepJobs).readDue(request, plan);
  }

  claimRead(request: ClaimRequest, reading: unknown): ClaimResult {
    return this.toldClaim(request, (this.base.jobs as TwoStepJobs).claimRead(request, reading));
  }

  async call(part: 'jobs' | 'history' | 'nodes', method: string, args: readonly any[]): Promise<unknown> {
    if (part !== 'jobs') return await (this.base[part] as any)[method](...args);
    switch (method) {
      case 'claimDue':
        return this.toldClaim(args[0], await this.base.jobs.claimDue(args[0], args[1]));
      case 'renew':
        return this.toldRenew(args[0], args[1], await this.base.jobs.renew(args[0], args[1]));
      case 'settle':
        return this.toldSettle(args[0], await this.base.jobs.settle(args[0]));
      case 'change':
        return this.change(args[0]);
      case 'put':
        return this.put(args[0], args[1]);
      case 'enter':
        return this.toldEnter(args[0], await this.base.jobs.enter(args[0]));
      case 'close':
        // Of one node; the others go on.
        return undefined;
      default:
        return await (this.base.jobs as any)[method](...args);
    }
  }

  private toldClaim(request: ClaimRequest, result: ClaimResult): ClaimResult {
    const claims = result.claims.map((claim) => ({ ...claim, run: { ...claim.run }, job: { ...claim.job } }));
    const copy = { ...result, claims, skipped: result.skipped.map((run) => ({ ...run })) };
    if (request.settlements !== undefined) this.ledger.settled(request.settlements, result.settled!);
    this.ledger.claimed(request, copy);
    return this.clock === null ? copy : { ...copy, storeNow: this.clock() };
  }

  private toldRenew(claims: readonly ClaimKey[], until: Instant, renewals: readonly Renewal[]): readonly Renewal[] {
    this.ledger.renewed(claims, until, renewals);
    return renewals;
  }

  private toldSettle(settlements: readonly Settlement[], answers: readonly boolean[]): readonly boolean[] {
    this.ledger.settled(settlements, answers);
    return answers;
  }

  private toldEnter({ at }: EnterRequest, results: EnterResult[]): EnterResult[] {
    void at;
    return results.map((result) => ({ ...result, run: result.run === null ? null : { ...result.run } }));
  }

  private async change(request: ChangeRequest): Promise<ChangeResult[]> {
    if ('cancel' in request) {
      const results = await this.base.jobs.change(request);
      for (const { run } of results) {
        const seen = run === undefined ? undefined : this.ledger.runs.get(run.id);
        if (run?.state === 'cancelled' && seen?.settledBy === null) this.ledger.closedByStore(run.id, 'cancelled');
      }
      return results.map((result) => ({ ...result }));
    }
    const decided = new Map<string, JobPatch | 'remove'>();
    let at = 0;
    const decide: typeof request.decide = (job, unsettled, now) => {
      at = now;
      const answer = request.decide(job, unsettled, now);
      if (answer !== null) decided.set(job.id, answer);
      return answer;
    };
    const before = await this.runsOf(request.ids ?? []);
    const results = (await this.base.jobs.change({ ...request, decide })).map((result) => ({ ...result }));
    for (const result of results) {
      const { id } = result.before;
      this.ledger.changed(result, { patch: decided.get(id)!, at, runs: before.get(id)! });
    }
    return results;
  }

  private async put(jobs: readonly NewJob[], options: PutOptions): Promise<PutResult[]> {
    const decided = new Map<string, JobPatch>();
    let at = 0;
    const reconcile: PutOptions['reconcile'] = (existing, incoming, now) => {
      at = now;
      const answer = options.reconcile(existing, incoming, now);
      if (answer !== null && answer !== 'refuse') decided.set(existing.id, answer);
      return answer;
    };
    const runs = await this.runsOf(jobs.map(({ id }) => id));
    const results = (await this.base.jobs.put(jobs, { ...options, reconcile })).map((result) => ({ ...result }));
    for (const { kind, job, before } of results) {
      if (kind === 'added') this.ledger.lines.added(job);
      if (kind !== 'changed') continue;
      const { id } = before!;
      this.ledger.changed({ before: before!, after: job }, { patch: decided.get(id)!, at, runs: runs.get(id)! });
    }
    return results;
  }

  private async runsOf(ids: readonly string[]): Promise<Map<string, readonly RunRecord[]>> {
    const runs = new Map<string, readonly RunRecord[]>();
    for (const id of ids)
      runs.set(
        id,
        (await this.base.history.page({ jobId: id, limit: 100_000 })).runs.map((run) => ({ ...run })),
      );
    return runs;
  }
}
