import type { Instant } from '../../../../core/index.js';
import type { DueQuery, Session } from '../../session.js';
import { PostgresClaimRows } from './claim-rows.js';
import { ClaimedBatches } from './claimed-batches.js';
import { FreeJobs } from './free-jobs.js';
import { PostgresHeldRows } from './held-rows.js';
import { PostgresHistoryRows } from './history-rows.js';
import { JobDecoder } from './job-decoder.js';
import { PostgresJobRows } from './job-rows.js';
import { PostgresNodeRows } from './node-rows.js';
import { Notices } from './notices.js';
import { PostgresRunRows } from './run-rows.js';
import { Scope } from './scope.js';
import type { ScopeParts } from './scope.js';

export interface PostgresSessionParts extends ScopeParts {
  readonly channel: string;
  readonly sender: string;
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
    const decoder = new JobDecoder(scope);
    const free = new FreeJobs();
    const batches = new ClaimedBatches(scope);
    this.scope = scope;
    this.notices = new Notices(scope, parts.channel, parts.sender);
    this.jobs = new PostgresJobRows(scope, decoder, this.notices, batches);
    this.runs = new PostgresRunRows(scope, this.notices, free, batches);
    this.held = new PostgresHeldRows(scope, batches);
    this.claims = new PostgresClaimRows(scope, decoder, free, batches);
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

  async storeTime(now: Instant): Promise<Instant> {
    if (!this.parts.isServerTimed) return now;
    // Read first, where the transaction began: a reading at its end would be dated too early, and runs begin before their time.
    return (await this.scope.begun())?.now ?? this.claims.readAt ?? now;
  }

  tellOthers(): Promise<void> {
    return this.notices.tell();
  }
}
