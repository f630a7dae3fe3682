import type {
  ChangeRequest,
  ChangeResult,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  Clock,
  EnterRequest,
  EnterResult,
  Instant,
  JobFilter,
  JobRecord,
  JobStore,
  Millis,
  NewJob,
  PlanRuns,
  PutOptions,
  PutResult,
  Renewal,
  Settlement,
} from '../../core/index.js';
import { Changes } from './changes.js';
import { cancelRun, ChangeStep } from './change-step.js';
import { ClaimScope } from './claim-scope.js';
import { ClaimStep } from './claim-step.js';
import type { Committer } from './committer.js';
import { EnterStep } from './enter-step.js';
import { RedisStoreOptionsError } from './errors.js';
import { listJobs } from './list-step.js';
import { PutStep } from './put-step.js';
import { QuietLook } from './quiet-look.js';
import type { Rows } from './rows.js';
import { isRunId } from './run-ids.js';
import { headOf } from './run-text.js';
import { SettleStep } from './settle-step.js';
import type { WakeChannel } from './wake-channel.js';

export interface JobStoreParts {
  readonly alias: string;
  readonly clock: Clock;
  readonly rows: Rows;
  readonly committer: Committer;
  readonly channel: WakeChannel;
}

const NOT_HELD: Renewal = Object.freeze({ held: false, cancelRequested: false });
const HELD: Renewal = Object.freeze({ held: true, cancelRequested: false });
const ASKED_TO_STOP: Renewal = Object.freeze({ held: true, cancelRequested: true });
const RENEWALS: Readonly<Record<string, Renewal>> = { 0: NOT_HELD, 1: HELD, 2: ASKED_TO_STOP };

/** Jobs of the code are mostly there since the last start. */
function mayBeNew(jobs: readonly NewJob[]): boolean {
  return jobs.every(({ origin, aliases }) => origin === 'runtime' && aliases.length === 0);
}

/** Jobs and claims in Redis. What it promises is in core's `JobStore`. */
export class RedisJobStore implements JobStore {
  /** One is read while what was planned of the last is written: what a claim has taken, no other finds. */
  readonly claimsAtOnce = 2;
  /** A script costs more than the settlements in it, up to some twenty. */
  readonly settleSpacing: Millis = 20;
  private readonly quiet: QuietLook;
  /** Jobs that are put are not there yet, as those before were not. */
  private expectsNew = true;

  constructor(private readonly parts: JobStoreParts) {
    this.quiet = new QuietLook(parts.rows.link, parts.clock);
  }

  async open(): Promise<void> {
    await this.parts.rows.link.open();
  }

  async close(): Promise<void> {
    this.parts.channel.close();
    await this.parts.rows.link.close();
  }

  async put(jobs: readonly NewJob[], options: PutOptions): Promise<PutResult[]> {
    if (options.within !== undefined) {
      throw new RedisStoreOptionsError(
        this.parts.alias,
        `a job cannot be put within a transaction of a database ("manager"): Redis takes no part in it. Leave "manager" ` +
          `out, or keep the job in a store of type "typeorm".`,
      );
    }
    const { rows, committer } = this.parts;
    if (jobs.length === 0) return [];
    this.forget();
    const added = this.expectsNew && mayBeNew(jobs) ? await this.addAll(jobs, options) : null;
    if (added !== null) return added;
    const results = await committer.optimistic((changes) => new PutStep(rows, committer, options).run(jobs, changes));
    this.expectsNew = results.every((result) => result.kind === 'added');
    return results;
  }

  /** null: some of them are there already, and nothing was written. */
  private async addAll(jobs: readonly NewJob[], options: PutOptions): Promise<PutResult[] | null> {
    const { rows, committer } = this.parts;
    const changes = new Changes();
    const results = await new PutStep(rows, committer, options).addAll(jobs, changes);
    if ((await committer.commit(changes)).length === 0) return results;
    this.expectsNew = false;
    return null;
  }

  async change(request: ChangeRequest): Promise<ChangeResult[]> {
    const { rows, committer } = this.parts;
    this.forget();
    return await committer.optimistic((changes) =>
      'cancel' in request
        ? cancelRun(this.parts, request, changes)
        : new ChangeStep(rows, committer).run(request, changes),
    );
  }

  async enter(request: EnterRequest): Promise<EnterResult[]> {
    const { rows, committer } = this.parts;
    if (request.runs.length === 0) return [];
    this.forget();
    return await committer.optimistic((changes) => new EnterStep(rows, committer, request).run(changes));
  }

  async list(filter: JobFilter = {}): Promise<JobRecord[]> {
    return await listJobs(this.parts.rows, filter, this.parts.clock);
  }

  async claimDue(request: ClaimRequest, plan: PlanRuns): Promise<ClaimResult> {
    const { rows, committer } = this.parts;
    return await new ClaimStep(new ClaimScope(rows, committer, request), plan, this.quiet).run();
  }

  async renew(claims: readonly ClaimKey[], until: Instant): Promise<Renewal[]> {
    const held = claims.filter((claim) => isRunId(claim.runId));
    if (held.length === 0) return claims.map(() => NOT_HELD);
    const ids = held.map((claim) => claim.runId);
    const starts = held.map((claim) => headOf(claim.token, 'running'));
    const { rows } = this.parts;
    const answers = (await rows.link.run('renew', rows.pack([String(until), ids, starts]))) as string;
    let at = 0;
    return claims.map((claim) => (isRunId(claim.runId) ? RENEWALS[answers[at++]] : NOT_HELD));
  }

  async settle(settlements: readonly Settlement[]): Promise<boolean[]> {
    if (settlements.length === 0) return [];
    return await new SettleStep(this.parts.rows, this.parts.committer, settlements).run();
  }

  watch(wake: () => void, doubt: () => void): () => void {
    const woken = (): void => {
      this.quiet.forget();
      wake();
    };
    return this.parts.channel.listen(woken, doubt);
  }

  /** true while messages of other nodes cannot come through. */
  hasForeignWrites(): boolean {
    return this.parts.channel.isDeaf;
  }

  /** Asking whether what is about to change has changed would be one question more. */
  private forget(): void {
    this.quiet.forget();
    this.parts.rows.forgetFound();
  }
}
