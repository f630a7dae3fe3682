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
  JobRecord,
  JobStore,
  NewJob,
  PlanRuns,
  PutOptions,
  PutResult,
  Renewal,
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
    const decide = (job: JobRecord, unsettled: any): JobPatch | 'remove' | null => {
      const answer = request.decide(job, unsettled);
      if (answer !== null) decided.set(job.id, answer);
      return answer;
    };
    const results = (await this.base.jobs.change({ ...request, decide })).map((result) => ({ ...result }));
    for (const { before, after } of results) {
      this.ledger.changed(before, after, decided.get(before.id)!, request.at);
    }
    return results;
  }

  private async put(jobs: readonly NewJob[], options: PutOptions): Promise<PutResult[]> {
    const decided = new Map<string, JobPatch>();
    const reconcile: PutOptions['reconcile'] = (existing, incoming) => {
      const answer = options.reconcile(existing, incoming);
      if (answer !== null && answer !== 'refuse') decided.set(existing.id, answer);
      return answer;
    };
    const results = (await this.base.jobs.put(jobs, { ...options, reconcile })).map((result) => ({ ...result }));
    for (const { kind, job, before } of results) {
      if (kind === 'added') this.ledger.lines.added(job);
      if (kind === 'changed') this.ledger.changed(before!, job, decided.get(before!.id)!, options.at);
    }
    return results;
  }
}
