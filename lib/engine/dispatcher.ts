import type {
  Claim,
  Instant,
  JobAfterwards,
  JobContext,
  JobLogger,
  Millis,
  Settlement,
  TaskHandler,
} from '../core/index.js';
import { Chains } from './chain/compose-chain.js';
import { conclude, outcomeOf, release } from './conclude.js';
import { tellAfterwards, tellRun, tellSettled } from './dispatch-site.js';
import type { DispatchSite } from './dispatch-site.js';
import { DueLine } from './due-line.js';
import { failed, skipped, stopped } from './ending.js';
import type { Ending } from './ending.js';
import { LiveRun } from './live-run.js';
import type { RunSurroundings } from './live-run.js';
import { LiveRuns } from './live-runs.js';
import { judgeLoss } from './losses.js';
import { dueAtOf } from './fire-times.js';
import { nextAfterClose } from './plan.js';
import { LeaseLostError, RunCancelledError, RunLostError } from './stop-errors.js';

/** Stands in for the handler of a run that is given back before anybody could call it. */
const NO_HANDLER: TaskHandler = () => undefined;
const NO_RUNS: ReadonlySet<LiveRun> = new Set();

/** When claims were asked for, and what that makes of them. */
export interface Grant {
  /** Store time of the request. */
  readonly claimedAt: Instant;
  /** On the monotonic clock. */
  readonly leaseEnd: Millis;
  /** Of the node's leases, before it was sent. */
  readonly doubts: number;
}

/** Leads claimed runs of one store through waiting, attempt and settle. */
export class Dispatcher implements RunSurroundings {
  /** Everything claimed and not yet settled, by run id. */
  readonly live: LiveRuns;
  readonly line = new DueLine();
  private readonly chains: Chains;
  /** While claims are taken: when the attempt before ended, which is now. Reading a clock costs as much as a short task. */
  private endedAt: Instant | null = null;
  private isTaking = false;

  constructor(private readonly site: DispatchSite) {
    this.live = new LiveRuns(site.store.isShared);
    this.chains = new Chains({
      clock: site.parts.clock,
      executorOf: (run) => run.slots!.executor,
      onStart: (run) => tellRun(site, 'run.started', run),
      onEnd: (run, ending) => this.end(run, ending),
      plannedDueAt: ({ job, run }) => dueAtOf(job.id, site.parts.triggers.decode(job.trigger), run.fireTime),
    });
  }

  makeLogger(context: JobContext): JobLogger {
    return this.site.parts.logger(context);
  }

  progressed(run: LiveRun, value: number, message: string | null): void {
    tellRun(this.site, 'run.progress', run, { detail: message, data: { value, message } });
  }

  /** Takes over claims that the store has just granted; false: some of them went back. */
  accept(claims: readonly Claim[], grant: Grant): boolean {
    const now = this.site.time.now();
    const granted = this.site.store.isShared ? this.withoutSurplus(claims) : claims;
    this.isTaking = true;
    this.endedAt = now;
    try {
      for (const claim of granted) this.take(claim, grant, now);
    } finally {
      this.isTaking = false;
      this.endedAt = null;
    }
    return granted.length === claims.length;
  }

  /** Claims that came when this node had stopped claiming. */
  giveBack(claims: readonly Claim[]): void {
    const now = this.site.time.now();
    for (const claim of claims) {
      const run = new LiveRun(claim, NO_HANDLER, this);
      this.live.set(claim.runId, run);
      this.conclude(run, release(run, now));
    }
  }

  /** Starts what has become due. */
  startDue(now: Instant): void {
    for (let run = this.line.takeDue(now); run !== null; run = this.line.takeDue(now)) this.toSlot(run);
  }

  /** Offers a run a slot: at once, or when those before it have left. */
  toSlot(run: LiveRun): void {
    run.slots!.start(run, this.begin);
  }

  /** Gives back what has not started: of one job, of all, or of all but some runs. */
  releaseHeld(jobId: string | null = null, but: ReadonlySet<LiveRun> = NO_RUNS): void {
    const now = this.site.time.now();
    for (const run of this.live.values()) {
      const isMeant = (jobId === null || run.claim.jobId === jobId) && !but.has(run);
      if (run.state === 'held' && isMeant) this.conclude(run, release(run, now));
    }
  }

  /** Its claim was taken back in good order. */
  forgo(run: LiveRun): void {
    if (run.state !== 'held') return;
    this.close(run);
    run.slots?.forgone();
  }

  /** The store says that the run is no longer ours: its outcome will not be written. */
  lose(run: LiveRun, detail: string): void {
    // One that has ended is told by the answer to its settlement, which may be written already.
    if (run.state === 'ended' || run.state === 'closed') return;
    tellRun(this.site, 'lease.lost', run, { detail });
    if (run.state === 'running') {
      run.stop('leaseLost', new LeaseLostError(run.job.id, run.run.id));
      // It may have been asked to stop before; now its outcome is dropped besides.
      run.stopCause = 'leaseLost';
    } else this.forgo(run);
  }

  /** Asks a run of this node to stop; one that has not started is settled at once. false: it is not here. */
  cancel(runId: string, detail: string | null): boolean {
    const run = this.live.get(runId);
    if (run === undefined) return false;
    const error = new RunCancelledError(run.job.id, runId, detail);
    if (run.state === 'held') this.settleUnstarted(run, stopped('cancelled', error, false));
    else run.stop('cancelled', error);
    return true;
  }

  /** Ends the attempts that ignore everything: the node is about to go. */
  endAll(): void {
    for (const run of [...this.live.values()]) {
      for (let { guard } = run; guard !== null && run.state === 'running'; guard = run.guard) guard.abandon();
      if (run.state !== 'running') continue;
      const cause = run.stopError ?? new RunLostError(run.job.id, run.run.id, run.job.losses);
      this.end(run, stopped('cancelled', cause, true));
    }
  }

  /** A settlement is durable, and only now are listeners told. */
  settled(run: LiveRun, settlement: Settlement, isHeld: boolean): void {
    this.close(run);
    if (!isHeld) {
      const detail = 'its outcome came after another node had taken it over, and was dropped';
      tellRun(this.site, 'lease.lost', run, { detail });
      return;
    }
    tellSettled(this.site, run, settlement);
    tellAfterwards(this.site, run, settlement);
    this.site.followUp(run, settlement);
  }

  /** A claim's limit is one number for all executors: runs beyond the room of theirs go back, for others to claim. */
  private withoutSurplus(claims: readonly Claim[]): readonly Claim[] {
    const left = new Map<string, number>();
    const surplus: Claim[] = [];
    const granted = claims.filter((claim) => {
      const { executor } = claim.job.policy;
      const room = left.get(executor) ?? this.site.slots.get(executor)?.room ?? Infinity;
      left.set(executor, room - 1);
      // One taken over is kept: giving it back would hide that it was lost.
      const isGranted = room > 0 || claim.cause === 'recovered';
      if (!isGranted) surplus.push(claim);
      return isGranted;
    });
    if (surplus.length > 0) {
      this.site.room.broughtTooMuch();
      this.giveBack(surplus);
    }
    return granted;
  }

  private take(claim: Claim, grant: Grant, now: Instant): void {
    const handler = this.site.parts.tasks.resolve(claim.job.task);
    const run = new LiveRun(claim, handler ?? NO_HANDLER, this);
    run.leaseEnd = grant.leaseEnd;
    run.doubts = claim.run.dueAt <= grant.claimedAt ? Infinity : grant.doubts;
    const former = this.live.set(claim.runId, run);
    if (former !== undefined) this.lose(former, 'this node has taken its own run over, after its lease had ended');
    tellRun(this.site, 'run.claimed', run);
    run.slots = this.site.slots.get(claim.job.policy.executor) ?? null;
    if (handler === null) this.refuse(run, 'task', claim.job.task);
    else if (run.slots === null) this.refuse(run, 'executor', claim.job.policy.executor);
    else if (claim.run.cancelRequested) this.cancel(claim.runId, claim.run.detail);
    else if (claim.cause === 'recovered') this.recover(run, now, grant);
    // What fell due since was to come when it was claimed: it may have been taken back.
    else if (claim.run.dueAt > grant.claimedAt) this.line.add(run);
    else this.toSlot(run);
  }

  /** Another node may have what this one lacks; in a store of this process nobody else has. */
  private refuse(run: LiveRun, what: 'task' | 'executor', name: string): void {
    if (!this.site.store.isShared) {
      this.settleUnstarted(run, skipped('unresolved', `no ${what} is named "${name}" in this process`));
      return;
    }
    (what === 'task' ? this.site.exceptTasks : this.site.exceptExecutors).add(name);
    this.conclude(run, release(run, this.site.time.now()));
  }

  private recover(run: LiveRun, now: Instant, { claimedAt }: Grant): void {
    const { leaseEndedAt } = run.claim;
    const seenAt = (leaseEndedAt ?? Infinity) - this.site.options.lease;
    run.mayHaveBegun = seenAt > run.run.dueAt;
    const verdict = judgeLoss(run, now, Math.random(), this.afterwardsOf(run, now));
    if (verdict.settlement?.kind !== 'outcome') tellRun(this.site, 'run.lost', run, { detail: verdict.detail });
    if (verdict.settlement !== null) this.conclude(run, verdict.settlement);
    // Claimed ahead by a node that died, or before a clock was set back.
    else if (run.run.dueAt > claimedAt) this.line.add(run);
    else this.toSlot(run);
  }

  private readonly begin = (run: LiveRun): void => {
    if (this.site.renewsFirst(run)) {
      run.slots!.leave();
      return;
    }
    run.state = 'running';
    run.startedAt = this.endedAt ?? this.site.time.now();
    this.endedAt = null;
    try {
      const ending = this.chains.of(this.site.parts.hooks.of(run.job))(run);
      if (ending !== null) this.end(run, ending);
    } catch (error) {
      this.end(run, failed(error));
    }
  };

  private end(run: LiveRun, ending: Ending): void {
    if (run.state !== 'running') return;
    run.state = 'ended';
    run.thrown = ending.thrown;
    if (ending.isAbandoned) tellRun(this.site, 'run.abandoned', run, { error: ending.thrown });
    if (run.stopCause === 'leaseLost') this.close(run);
    else if (run.stopCause === 'stoodStill' && ending.outcome === 'cancelled') this.leaveLost(run);
    else this.settle(run, ending);
    run.slots!.leave();
  }

  /** Not settled: whoever takes it over counts the loss, so that what blocks each process in turn comes to an end. */
  private leaveLost(run: LiveRun): void {
    this.close(run);
    const detail = 'this process stood still until it had ended; the run is taken over, which counts as a loss';
    tellRun(this.site, 'lease.lost', run, { detail });
  }

  private settle(run: LiveRun, ending: Ending): void {
    const now = this.site.time.now();
    if (this.isTaking) this.endedAt = now;
    const afterwards = this.afterwardsOf(run, now);
    if (ending.outcome === 'succeeded') {
      this.conclude(run, outcomeOf(run, ending, { now, afterwards }));
      return;
    }
    const { isShared } = this.site.store;
    this.conclude(run, conclude(run, ending, { now, isShared, random: Math.random(), afterwards }));
  }

  private settleUnstarted(run: LiveRun, ending: Ending): void {
    run.thrown = ending.thrown;
    const now = this.site.time.now();
    this.conclude(run, outcomeOf(run, ending, { now, afterwards: this.afterwardsOf(run, now) }));
  }

  private conclude(run: LiveRun, settlement: Settlement): void {
    const wasHeld = run.state === 'held';
    run.state = 'ended';
    this.site.settles.add(run, settlement);
    if (wasHeld && this.site.store.isShared) run.slots?.forgone();
  }

  /** Only a `fixedDelay` job is active without a next fire time. */
  private afterwardsOf(run: LiveRun, now: Instant): JobAfterwards | null {
    const { job } = run;
    if (job.fireTime !== null || job.status !== 'active' || run.run.kind !== 'scheduled') return null;
    try {
      return nextAfterClose(job, this.site.parts.triggers.decode(job.trigger), now);
    } catch {
      // Written by a newer version, say: the run must end all the same, and the upkeep of a node that can read it goes on.
      return null;
    }
  }

  private close(run: LiveRun): void {
    run.state = 'closed';
    this.live.delete(run.claim.runId, run);
  }
}
