import type {
  ClaimRequest,
  ClaimResult,
  JobRecord,
  PlanRuns,
  Renewal,
  Settlement,
  Store,
} from '../../lib/core/index.js';
import { Leases } from '../../lib/engine/leases.js';
import { SettleQueue } from '../../lib/engine/settle-queue.js';
import { StoreTime } from '../../lib/engine/store-time.js';
import { createModelStore, ModelJobStore } from './model/model-store.js';
import type { ModelRun } from './model/model-table.js';

/** A variant that is broken on purpose, in the store or in the engine: the simulator has to find it. */
export interface Mutant {
  readonly name: string;
  store?(): Store;
  /** Breaks the engine; answers what mends it. */
  breakEngine?(): () => void;
}

type Broken = new (table: ModelJobStore['table']) => ModelJobStore;

function storeOf(Jobs: Broken): () => Store {
  return () => createModelStore((table) => new Jobs(table));
}

function withMethod<T extends object>(prototype: T, name: string, made: (original: any) => unknown): () => () => void {
  return () => {
    const original = (prototype as any)[name];
    (prototype as any)[name] = made(original);
    return () => {
      (prototype as any)[name] = original;
    };
  };
}

class ComparesNoTokens extends ModelJobStore {
  protected override isLatest(): boolean {
    return true;
  }
}

class GuardsNothing extends ModelJobStore {
  override claimRead(...given: Parameters<ModelJobStore['claimRead']>): ClaimResult {
    this.table.runFor = () => null;
    return super.claimRead(...given);
  }
  protected override isAsRead(): boolean {
    return true;
  }
}

class LosesSettles extends ModelJobStore {
  private count = 0;
  protected override settleOne(run: ModelRun, settlement: Settlement): void {
    if (++this.count % 5 !== 0) super.settleOne(run, settlement);
  }
}

class SettlesOnce extends ModelJobStore {
  override settle(settlements: readonly Settlement[]): boolean[] {
    const open = settlements.map(({ runId }) => this.table.runs.has(runId));
    return super.settle(settlements).map((answer, index) => answer && open[index]);
  }
}

class SeesNoOpenRuns extends ModelJobStore {
  override claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    return super.claimDue(request, (job, _unsettled, window) => plan(job, [], window));
  }
  override readDue(request: ClaimRequest, plan: PlanRuns) {
    return super.readDue(request, (job, _unsettled, window) => plan(job, [], window));
  }
}

class RecoversEarly extends ModelJobStore {
  override claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    const { recoverBefore } = request;
    return super.claimDue({ ...request, recoverBefore: recoverBefore === null ? null : recoverBefore + 4_000 }, plan);
  }
}

class ForgetsSkips extends ModelJobStore {
  override claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    return super.claimDue(request, (...given) => {
      const made = plan(...given);
      return made === null ? null : { ...made, skips: [] };
    });
  }
}

class WithdrawsNothing extends ModelJobStore {
  protected override applyChange(job: JobRecord, answer: any, at: number): JobRecord | null {
    return super.applyChange(job, answer === 'remove' ? answer : { ...answer, withdraw: false }, at);
  }
}

class CountsNoLosses extends ModelJobStore {
  override claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    const result = super.claimDue(request, plan);
    const claims = result.claims.map((claim) => ({ ...claim, job: { ...claim.job, losses: 0 } }));
    return { ...result, claims };
  }
}

class RefusesRenewals extends ModelJobStore {
  private count = 0;
  override renew(...given: Parameters<ModelJobStore['renew']>): Renewal[] {
    const isBad = ++this.count % 7 === 0;
    return super.renew(...given).map((it) => (isBad ? { held: false, cancelRequested: false } : it));
  }
}

class PlansPaused extends ModelJobStore {
  override claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    return super.claimDue({ ...request, isPaused: false }, (job, ...rest) => plan(job, ...rest));
  }
}

class MakesRunsTwice extends ModelJobStore {
  private count = 0;
  override claimDue(request: ClaimRequest, plan: PlanRuns): ClaimResult {
    this.table.runFor = () => null;
    return super.claimDue(request, (job, ...rest) => {
      const made = plan(job, ...rest);
      const isBad = made !== null && ++this.count % 4 === 0;
      return isBad ? { ...made, fireTime: job.fireTime, dueAt: job.dueAt, finished: null } : made;
    });
  }
}

class LosesWaitingRuns extends ModelJobStore {
  protected override settleOne(run: ModelRun, settlement: Settlement): void {
    super.settleOne(run, settlement);
    if (settlement.kind !== 'outcome') this.table.forget(run);
  }
}

/** Those of the store, then those of the engine. */
export const MUTANTS: readonly Mutant[] = [
  { name: 'a store that compares no tokens', store: storeOf(ComparesNoTokens) },
  { name: 'a store with neither a version guard nor a unique fire time', store: storeOf(GuardsNothing) },
  { name: 'a store that loses each fifth settlement', store: storeOf(LosesSettles) },
  { name: 'a store that refuses a settlement when it comes again', store: storeOf(SettlesOnce) },
  { name: 'a store that shows the plan no open runs', store: storeOf(SeesNoOpenRuns) },
  { name: 'a store that takes runs over before their lease has ended', store: storeOf(RecoversEarly) },
  { name: 'a store that writes no reason', store: storeOf(ForgetsSkips) },
  { name: 'a store that withdraws nothing', store: storeOf(WithdrawsNothing) },
  { name: 'a store that counts no losses', store: storeOf(CountsNoLosses) },
  { name: 'a store that refuses renewals now and then', store: storeOf(RefusesRenewals) },
  { name: 'a store that goes on in maintenance mode', store: storeOf(PlansPaused) },
  { name: 'a store with two runs for a fire time', store: storeOf(MakesRunsTwice) },
  { name: 'a store that loses what is to be tried again', store: storeOf(LosesWaitingRuns) },
  {
    name: 'an engine whose time is ahead',
    breakEngine: withMethod(
      StoreTime.prototype,
      'now',
      (now: () => number) =>
        function (this: StoreTime) {
          return now.call(this) + 700;
        },
    ),
  },
  {
    name: 'an engine that drops outcomes the store did not take',
    breakEngine: withMethod(
      SettleQueue.prototype,
      'notSent',
      () =>
        function (this: any, batch: any[]) {
          this.sent(
            batch,
            batch.map(() => true),
          );
        },
    ),
  },
  {
    name: 'an engine that does not abort at the end of a lease',
    breakEngine: withMethod(Leases.prototype, 'endOverdue', () => () => undefined),
  },
  {
    name: 'an engine that starts runs whatever is left of their lease',
    breakEngine: withMethod(Leases.prototype, 'renewsFirst', () => () => false),
  },
];
