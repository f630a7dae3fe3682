import { HEARD_WITHIN } from '../../../../core/index.js';
import type { Instant, Millis } from '../../../../core/index.js';
import type { DueQuery, Session, StoreReading } from '../../session.js';
import { PostgresClaimRows } from './claim-rows.js';
import { ClaimedBatches } from './claimed-batches.js';
import { DueJobs } from './due-jobs.js';
import { FreeJobs } from './free-jobs.js';
import { PostgresHeldRows } from './held-rows.js';
import { PostgresHistoryRows } from './history-rows.js';
import { PostgresJobDecoder } from './job-decoder.js';
import { PostgresJobRows } from './job-rows.js';
import { PostgresNodeRows } from './node-rows.js';
import { Notices } from './notices.js';
import { PostgresRunRows } from './run-rows.js';
import { Scope } from './scope.js';
import type { ScopeParts } from './scope.js';

export interface PostgresSessionParts extends ScopeParts {
  readonly channel: string;
  readonly sender: string;
  /** Tells the owners of claims that some may be taken back. */
  readonly announce: () => Promise<void>;
  /** false: a clock that is not the machine's is the store's, too (tests). */
  readonly isServerTimed: boolean;
}

/** Rows of one application within one transaction, or for one look. */
export class PostgresSession implements Session {
  readonly jobs: PostgresJobRows;
  readonly runs: PostgresRunRows;
  readonly held: PostgresHeldRows;
  readonly claims: PostgresClaimRows;
  readonly history: PostgresHistoryRows;
  readonly nodes: PostgresNodeRows;
  private readonly scope: Scope;
  private readonly notices: Notices;

  constructor(private readonly parts: PostgresSessionParts) {
    const scope = new Scope(parts);
    const decoder = new PostgresJobDecoder(scope);
    const free = new FreeJobs();
    const batches = new ClaimedBatches(scope);
    this.scope = scope;
    this.notices = new Notices(scope, parts.channel, parts.sender);
    this.jobs = new PostgresJobRows(scope, decoder, this.notices, batches);
    this.runs = new PostgresRunRows(scope, this.notices, free, batches);
    this.held = new PostgresHeldRows(scope, batches);
    this.claims = new PostgresClaimRows(scope, new DueJobs(scope, decoder, free), free, batches);
    this.history = new PostgresHistoryRows(scope);
    this.nodes = new PostgresNodeRows(scope, this.notices);
  }

  runKey(id: string): number | null {
    return this.scope.runKey(id);
  }

  lookAhead(query: DueQuery, recoverBefore: Instant | null): void {
    this.scope.isClaiming = true;
    this.claims.lookAhead(query, recoverBefore);
  }

  async storeTime(now: Instant): Promise<StoreReading> {
    return this.parts.isServerTimed ? await this.scope.storeTime(this.claims.readAt ?? now) : { storeNow: now };
  }

  async announceWithdrawal(): Promise<Millis> {
    await this.parts.announce();
    return this.parts.isServerTimed ? HEARD_WITHIN : 0;
  }

  tellOthers(): Promise<void> {
    return this.notices.tell();
  }
}
