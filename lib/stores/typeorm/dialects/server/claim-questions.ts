import type { Awaitable, Instant } from '../../../../core/index.js';
import type { StoredJob, StoredRun } from '../../records.js';
import type { DueQuery } from '../../session.js';

/** Before every instant. */
const BEGINNING = Number.MIN_SAFE_INTEGER;

/** The answers of a claim's first questions, all asked at once. */
interface Ahead {
  leases: Promise<StoredRun[]> | null;
  runs: Promise<StoredRun[]> | null;
  jobs: Promise<StoredJob[]> | null;
}

/** The instants at which something will first be wanted. */
export interface Firsts {
  readonly job: number;
  readonly run: number;
  readonly lease: number;
}

/** What a claim asks on a server, in few round trips. */
export abstract class ClaimQuestions {
  private readonly ahead: Ahead = { leases: null, runs: null, jobs: null };
  private firsts: Firsts | null = null;

  protected abstract readFirsts(query: DueQuery, after: Instant): Promise<Firsts>;
  protected abstract readJobs(query: DueQuery): Promise<StoredJob[]>;
  protected abstract readRuns(query: DueQuery): Promise<StoredRun[]>;
  protected abstract readLeases(query: DueQuery): Promise<StoredRun[]>;

  /** Asks everything that a claim will ask first, without waiting in between. */
  lookAhead(query: DueQuery, recoverBefore: Instant | null): void {
    const { ahead } = this;
    if (recoverBefore !== null) ahead.leases = watched(this.readLeases({ ...query, until: recoverBefore }));
    ahead.runs = watched(this.readRuns(query));
    ahead.jobs = watched(this.readJobs(query));
  }

  /** One question for this one and for `nextInstant`. */
  async isAnythingDue(query: DueQuery, recoverBefore: Instant | null): Promise<boolean> {
    const firsts = await this.readFirsts(query, BEGINNING);
    if (recoverBefore !== null && firsts.lease <= recoverBefore) return true;
    if (Math.min(firsts.job, firsts.run) <= query.until) return true;
    this.firsts = firsts;
    return false;
  }

  dueJobs(query: DueQuery): Awaitable<StoredJob[]> {
    const { jobs } = this.ahead;
    if (jobs === null || query.after !== null) return this.readJobs(query);
    this.ahead.jobs = null;
    return jobs.then((found) => found.slice(0, query.limit));
  }

  dueRuns(query: DueQuery): Awaitable<StoredRun[]> {
    const { runs } = this.ahead;
    this.ahead.runs = null;
    return runs === null ? this.readRuns(query) : runs.then((found) => found.slice(0, query.limit));
  }

  endedLeases(query: DueQuery): Awaitable<StoredRun[]> {
    const { leases } = this.ahead;
    this.ahead.leases = null;
    return leases ?? this.readLeases(query);
  }

  async nextInstant(query: DueQuery, now: Instant): Promise<Instant | null> {
    const known = this.firsts;
    // What was left out of a claim says nothing here; a lease that has ended and is not taken over yet does not count.
    const isKnown = known !== null && Math.min(known.job, known.run, known.lease) > now;
    const { job, run, lease } = isKnown ? known : await this.readFirsts(query, now);
    const next = Math.min(job, run, lease);
    return next === Number.POSITIVE_INFINITY ? null : next;
  }
}

/** Looked at later; until then it is no unhandled rejection. */
function watched<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}
