import type {
  Awaitable,
  ChangeRequest,
  ChangeResult,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  EnterRequest,
  EnterResult,
  Instant,
  Millis,
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
import { CLAIM_BOUND, readingOf } from './claim-step.js';
import { claiming } from './claim-tries.js';
import { isSameDefinition } from './codec.js';
import { enterRuns } from './enter-step.js';
import { PutLine } from './put-line.js';
import { PutStep } from './put-step.js';
import { RecentMap } from './recent-map.js';
import { newJobRecord } from './records.js';
import type { DueQuery, Session, StoreDatabase } from './session.js';
import { renewClaims, SettleStep } from './settle-step.js';
import type { Departed } from './settle-step.js';
import { after, answer } from './steps.js';
import type { Steps } from './steps.js';

/** Settlements in one transaction, at most: it is one stretch in which the event loop stands still. */
const SETTLE_BOUND = 500;

/** New jobs that are added without a look at their ids, at most: when one is there after all, that was for nothing. */
const ADD_BOUND = 50_000;

/** Settlements that left no row and are still answered when they come again. */
const KEPT_DEPARTED = 10_000;

/** Jobs and claims in a database. What it promises is in core's `JobStore`. */
export class TypeOrmJobStore implements JobStore {
  private readonly departed: Departed = new RecentMap(KEPT_DEPARTED);
  /** The last claim left something behind. */
  private expectsMore = false;

  /** Absent where the database cannot tell of changes. */
  readonly watch?: (wake: () => void, doubt: () => void) => () => void;
  /** Where a transaction is several round trips and a commit, callers share it. */
  private readonly line: PutLine | undefined;

  constructor(private readonly database: StoreDatabase) {
    if (database.watch !== undefined) this.watch = database.watch;
    if (database.isServer === true) {
      this.line = new PutLine((jobs, options) => this.putTogether(jobs, options));
    }
  }

  open(): Awaitable<void> {
    return this.database.open();
  }

  close(): Awaitable<void> {
    return this.database.close();
  }

  put(jobs: readonly NewJob[], options: PutOptions): Awaitable<PutResult[]> {
    if (jobs.length === 0) return [];
    if (options.within !== undefined) return this.database.writeWithin(options.within, putting(jobs, options));
    return this.line?.put(jobs, options) ?? this.database.write(putting(jobs, options));
  }

  change(request: ChangeRequest): Awaitable<ChangeResult[]> {
    if ('cancel' in request) return this.database.write((session) => told(session, cancelRun(session, request)));
    return this.database.write((session) => told(session, changeJobs(session, request)));
  }

  enter(request: EnterRequest): Awaitable<EnterResult[]> {
    if (request.runs.length === 0) return [];
    return this.database.write((session) => told(session, enterRuns(session, request)));
  }

  list(filter: JobFilter = {}): Awaitable<JobRecord[]> {
    return this.database.read(function* (session) {
      return (yield* answer(session.jobs.list(filter))).map((job) => job.record);
    });
  }

  /** Looks first without a lock: most polls find nothing, and then no other process has to wait. */
  claimDue(request: ClaimRequest, plan: PlanRuns): Awaitable<ClaimResult> {
    const { settlements = [] } = request;
    const mustWrite = this.expectsMore || settlements.length > 0;
    const idle = mustWrite ? null : this.database.read((session) => idleAnswer(session, request));
    const { departed } = this;
    let settling: SettleStep | null = null;
    const claim = claiming(request, plan);
    const work = function* (session: Session): Steps<ClaimResult> {
      if (settlements.length === 0) return yield* claim(session);
      settling = new SettleStep(session, settlements, departed);
      const settled = yield* settling.run();
      return { ...(yield* claim(session)), settled };
    };
    const result = after(idle, (nothing) => nothing ?? this.database.write(work));
    return after(result, (found) => {
      settling?.remember();
      this.expectsMore = found.hasMore;
      return found;
    });
  }

  get settlesWithClaims(): boolean {
    return this.database.settlesWithClaims === true;
  }

  get claimsAtOnce(): number {
    return this.database.claimsAtOnce ?? 1;
  }

  get settleSpacing(): Millis {
    return this.database.settleSpacing ?? 0;
  }

  hasForeignWrites(): Awaitable<boolean> {
    return this.database.hasForeignWrites?.() ?? false;
  }

  renew(claims: readonly ClaimKey[], until: Instant): Awaitable<Renewal[]> {
    if (claims.length === 0) return [];
    return this.database.write((session) => renewClaims(session, claims, until));
  }

  settle(settlements: readonly Settlement[]): Awaitable<boolean[]> {
    if (settlements.length === 0) return [];
    if (settlements.length > SETTLE_BOUND) return this.settleInTurn(settlements);
    let step!: SettleStep;
    const settled = this.database.write((session) => {
      step = new SettleStep(session, settlements, this.departed);
      return step.run();
    });
    return after(settled, (results) => {
      step.remember();
      return results;
    });
  }

  /** New jobs take one statement where the database knows how, and no transaction of several. */
  private async putTogether(jobs: readonly NewJob[], options: PutOptions): Promise<PutResult[]> {
    const { database } = this;
    // Mostly a start changes nothing: then it does not wait for those who are at work on its jobs.
    if (jobs.every((job) => job.origin === 'code')) {
      const left = await database.read((session) => new PutStep(session, options).look(jobs));
      if (left !== null) return left;
    }
    const added = isAllNew(jobs) ? await database.add?.(jobs, options.now()) : undefined;
    if (Array.isArray(added)) return added.map((job) => ({ kind: 'added', job, before: null }));
    if (added !== 'doubt') return await database.write(putting(jobs, options));
    return (await database.write(putting(jobs, findingOwn(options)))).map(asAdded);
  }

  private async settleInTurn(settlements: readonly Settlement[]): Promise<boolean[]> {
    const results: boolean[] = [];
    for (let from = 0; from < settlements.length; from += SETTLE_BOUND) {
      results.push(...(await this.settle(settlements.slice(from, from + SETTLE_BOUND))));
    }
    return results;
  }
}

/** Nothing says that one of them may be there: each has an id of its own and none before. */
function isAllNew(jobs: readonly NewJob[]): boolean {
  if (jobs.length > ADD_BOUND || jobs.some((job) => job.origin !== 'runtime' || job.aliases.length > 0)) return false;
  return new Set(jobs.map((job) => job.id)).size === jobs.length;
}

/** What is there just as it was to be written is taken for what this very step has written. */
function findingOwn(options: PutOptions): PutOptions {
  const reconcile: PutOptions['reconcile'] = (existing, incoming, now) => {
    const isOwn = existing.version === 1 && isSameDefinition(existing, newJobRecord(incoming, existing.generation));
    return isOwn ? null : options.reconcile(existing, incoming, now);
  };
  return { ...options, reconcile };
}

function asAdded(result: PutResult): PutResult {
  const { kind, job } = result;
  return kind === 'unchanged' && job.version === 1 ? { kind: 'added', job, before: null } : result;
}

function putting(jobs: readonly NewJob[], options: PutOptions): (session: Session) => Steps<PutResult[]> {
  return (session) => told(session, new PutStep(session, options).run(jobs));
}

/** Other nodes hear of it when it is durable. */
function* told<T>(session: Session, steps: Steps<T>): Steps<T> {
  const result = yield* steps;
  yield* answer(session.tellOthers?.());
  return result;
}

/** The claim's answer when there is nothing to look at; null: there is. */
function* idleAnswer(session: Session, request: ClaimRequest): Steps<ClaimResult | null> {
  const { until, now, recoverBefore, exceptTasks, exceptExecutors, isPaused } = request;
  const query: DueQuery = { until, limit: CLAIM_BOUND, exceptTasks, exceptExecutors, isPaused, after: null };
  if (yield* answer(session.claims.isAnythingDue(query, recoverBefore))) return null;
  const nextDueAt = yield* answer(session.claims.nextInstant(query, now));
  const reading = yield* readingOf(session, now);
  return { claims: [], skipped: [], finished: [], cancelled: [], hasMore: false, nextDueAt, ...reading };
}
