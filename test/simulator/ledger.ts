import type {
  ChangeResult,
  Claim,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  Instant,
  JobPatch,
  JobRecord,
  Millis,
  Renewal,
  RunRecord,
  Settlement,
} from '../../lib/core/index.js';
import type { Judge } from './judge.js';
import { RULES } from './judge.js';
import { JobLines } from './job-lines.js';
import type { JobLine } from './job-lines.js';
import { withdrawable } from './withdrawable.js';

/** A run as the simulator has seen it, from its first claim on. */
export interface Seen {
  readonly id: string;
  readonly jobId: string;
  readonly generation: number;
  readonly line: JobLine | null;
  readonly forced: boolean;
  token: number;
  /** Tokens up to this one were taken back by a change of the job. */
  withdrawn: number;
  holder: string | null;
  leaseUntil: Instant;
  dueAt: Instant;
  /** Token of the claim that settled it; -1: the store itself did. */
  settledBy: number | null;
  outcome: string | null;
  /** Its job was removed while it was at work: when its lease has ended, whichever node claims next ends it, and says nothing. */
  isOrphan: boolean;
  /** Losses of the job when it was last claimed. */
  losses: number;
  /** Job, generation and fire time. */
  key: string | null;
}

/** What was decided of a job, as of when, and the runs it had. */
export interface SeenChange {
  readonly patch: JobPatch | 'remove';
  readonly at: Instant;
  readonly runs: readonly RunRecord[];
}

/**
 * Watches the border between nodes and store: every step that a store makes is told here, in the order in which the
 * steps were made, whether or not its answer ever arrives. It knows nothing of how a store keeps its rows.
 */
export class Ledger {
  readonly runs = new Map<string, Seen>();
  readonly lines: JobLines;
  /** A run went from one node to another. */
  onTakeOver: (runId: string, former: string) => void = () => undefined;
  private readonly byFireTime = new Map<string, string>();

  constructor(
    private readonly judge: Judge,
    /** The store's own time, now. */
    private readonly storeNow: () => Instant,
    /** How far a node's idea of the store's time may be off. */
    readonly slack: Millis,
  ) {
    this.lines = new JobLines(judge);
  }

  claimed(request: ClaimRequest, { claims, skipped, cancelled }: ClaimResult): void {
    for (const run of skipped) this.closedByStore(run.id, 'skipped');
    for (const claim of claims) this.oneClaimed(request, claim);
    for (const { runId } of cancelled) {
      const seen = this.runs.get(runId);
      if (seen !== undefined && seen.holder === null) this.closedByStore(runId, 'cancelled');
    }
  }

  renewed(claims: readonly ClaimKey[], until: Instant, renewals: readonly Renewal[]): void {
    claims.forEach(({ runId, token }, index) => {
      const seen = this.runs.get(runId);
      if (seen === undefined) return;
      const isHeld = seen.settledBy === null && seen.token === token && seen.holder !== null;
      const { held } = renewals[index];
      this.judge.expect(
        !held || isHeld,
        RULES.tokens,
        () => `${runId} was renewed with token ${token} of ${seen.token}`,
      );
      const mayBeGone = seen.isOrphan && seen.leaseUntil <= this.storeNow() + this.slack;
      this.judge.expect(
        held || !isHeld || mayBeGone,
        RULES.honoured,
        () => `${runId} was not renewed with its token ${token}`,
      );
      if (held) seen.leaseUntil = until;
    });
  }

  settled(settlements: readonly Settlement[], answers: readonly boolean[]): void {
    settlements.forEach((settlement, index) => {
      const seen = this.runs.get(settlement.runId);
      if (seen !== undefined) this.oneSettled(seen, settlement, answers[index]);
    });
  }

  /** A change of a job was applied. */
  changed({ before, after }: ChangeResult, change: SeenChange): void {
    const { patch, at } = change;
    const mayWithdraw = patch === 'remove' || patch.replace === true || patch.withdraw === true;
    if (mayWithdraw) for (const seen of this.runs.values()) this.withdraw(seen, before, change);
    this.lines.changed(before, after, at);
  }

  /** `run` was settled without a node: it was cancelled, dropped or skipped. */
  closedByStore(runId: string, outcome: string): void {
    const seen = this.runs.get(runId);
    if (seen === undefined) return;
    this.judge.expect(seen.settledBy === null, RULES.settledOnce, () => `${runId} was ${outcome} after its outcome`);
    seen.settledBy = -1;
    seen.outcome = outcome;
    seen.holder = null;
  }

  private oneClaimed(request: ClaimRequest, claim: Claim): void {
    const { judge } = this;
    const { run, cause, runId, token } = claim;
    const seen = this.runs.get(runId) ?? this.first(run, claim.jobId);
    judge.expect(
      token > seen.token,
      RULES.tokens,
      () => `${runId} was claimed with token ${token} after ${seen.token}`,
    );
    judge.expect(seen.settledBy === null, RULES.settledOnce, () => `${runId} was claimed after its outcome`);
    // One that is taken over was claimed in time; the clock may have been set back since.
    const isAhead = cause !== 'recovered' && run.dueAt > request.until;
    judge.expect(!isAhead, RULES.early, () => `${runId} was claimed beyond the look-ahead`);
    this.takeFireTime(run, seen);
    if (seen.holder !== null) this.takenOver(request, claim, seen);
    else judge.expect(cause !== 'recovered', RULES.oneHolder, () => `${runId} was recovered, and nobody held it`);
    if (cause === 'planned') this.lines.planned(claim, request);
    if (cause === 'recovered') this.lines.lost(claim);
    Object.assign(seen, { token, holder: request.node, leaseUntil: claim.leaseUntil, dueAt: run.dueAt });
    seen.losses = claim.job.losses;
    this.countHolders(claim, seen);
  }

  private first(run: RunRecord, jobId: string): Seen {
    const line = this.lines.of(jobId);
    const { id, jobGeneration: generation, forced, dueAt } = run;
    const known = { id, jobId, generation, line, forced, dueAt, token: 0, withdrawn: 0 };
    const fresh = {
      holder: null,
      leaseUntil: 0,
      settledBy: null,
      outcome: null,
      key: null,
      losses: 0,
      isOrphan: false,
    };
    const seen: Seen = { ...known, ...fresh };
    this.runs.set(id, seen);
    this.judge.expect(line !== null, RULES.withdrawn, () => `${id} of the removed job ${jobId} was claimed`);
    return seen;
  }

  private takeFireTime({ id, kind, jobId, jobGeneration, fireTime }: RunRecord, seen: Seen): void {
    if (kind === 'manual') return;
    const key = `${jobId}/${jobGeneration}/${fireTime}`;
    const other = this.byFireTime.get(key) ?? id;
    this.judge.expect(other === id, RULES.oneRun, () => `${key} has the runs ${other} and ${id}`);
    this.byFireTime.set(key, id);
    seen.key = key;
  }

  private takenOver({ now, recoverBefore, node }: ClaimRequest, { runId, cause }: Claim, seen: Seen): void {
    // On one machine, whose clock was set back while the claim was on its way, that goes by the time at which it left.
    const latest = this.slack === 0 ? Math.max(this.storeNow(), now) : this.storeNow() + this.slack;
    const bound = Math.min(recoverBefore ?? -Infinity, latest);
    const isOver = cause === 'recovered' && seen.leaseUntil <= bound;
    if (this.storeNow() > seen.leaseUntil + this.slack) this.onTakeOver(runId, seen.holder!);
    this.judge.expect(isOver, RULES.oneHolder, () => {
      const left = seen.leaseUntil - this.storeNow();
      return `${runId} went from ${seen.holder} to ${node} (${cause}) with ${left} ms of its lease left`;
    });
  }

  private countHolders({ job, jobId }: Claim, seen: Seen): void {
    const { maxInstances, overlap, overlapExpiry } = job.policy;
    if (overlap === 'allowAll' || overlapExpiry !== null || seen.forced || seen.line === null) return;
    const now = this.storeNow();
    let holders = 0;
    for (const other of this.runs.values()) {
      if (other.line === seen.line && !other.forced && other.holder !== null && other.leaseUntil > now) holders++;
    }
    const bound = Math.max(maxInstances, seen.line.widest);
    this.judge.expect(holders <= bound, RULES.maxInstances, () => `${jobId} has ${holders} runs that are held`);
  }

  private oneSettled(seen: Seen, settlement: Settlement, answer: boolean): void {
    const { token, kind, runId } = settlement;
    // What the store itself closed meanwhile keeps the token of its last claim, so a repeated settlement is the same one.
    const isLatest = (seen.settledBy ?? -1) === -1 ? seen.token === token : seen.settledBy === token;
    const describe = (): string => `${runId} (${kind}, token ${token} of ${seen.token}, settled by ${seen.settledBy})`;
    if (!answer) {
      const mayBeGone = seen.isOrphan && seen.leaseUntil <= this.storeNow() + this.slack;
      this.judge.expect(
        !isLatest || seen.withdrawn >= token || mayBeGone,
        RULES.honoured,
        () => `${describe()} was refused`,
      );
      return;
    }
    this.judge.expect(isLatest && seen.withdrawn < token, RULES.tokens, describe);
    if (seen.settledBy !== null || !isLatest) return;
    seen.holder = null;
    if (settlement.kind !== 'outcome') {
      seen.dueAt = settlement.dueAt;
      return;
    }
    seen.settledBy = token;
    seen.outcome = settlement.outcome;
    this.lines.settled(seen, settlement);
  }

  private withdraw(seen: Seen, before: JobRecord, { patch, at, runs }: SeenChange): void {
    if (seen.line !== this.lines.of(before.id) || seen.settledBy !== null) return;
    const isStarted = seen.holder !== null && seen.dueAt <= at;
    const deletes = patch === 'remove' || patch.replace === true;
    if (!deletes && this.mayStay(seen, before, { at, runs })) return;
    if (isStarted && patch === 'remove') seen.isOrphan = true;
    if (isStarted || (!deletes && (seen.holder === null || seen.dueAt <= at))) return;
    seen.withdrawn = seen.token;
    // Its fire time may have a run again.
    if (seen.key !== null) this.byFireTime.delete(seen.key);
    seen.holder = null;
    // What was deleted is claimed by nobody any more.
    if (deletes) seen.settledBy = -1;
  }

  /** Its time had come: the plan, or the whole job, has gone on behind it. */
  private mayStay(seen: Seen, before: JobRecord, { at, runs }: Pick<SeenChange, 'at' | 'runs'>): boolean {
    if (seen.generation !== before.generation) return true;
    const run = runs.find(({ id }) => id === seen.id);
    const isTried = run === undefined || run.kind !== 'scheduled' || run.attempt > (run.state === 'running' ? 1 : 0);
    return !isTried && !withdrawable(before, runs, at).includes(run);
  }
}
