import type { Instant } from '../../../../core/index.js';
import type { DueQuery, Session } from '../../session.js';
import { MySqlClaimRows } from './claim-rows.js';
import { DueJobs } from './due-jobs.js';
import { MySqlHeldRows } from './held-rows.js';
import { MySqlHistoryRows } from './history-rows.js';
import { JobDecoder } from './job-decoder.js';
import { MySqlJobRows } from './job-rows.js';
import { MySqlNodeRows } from './node-rows.js';
import { MySqlRunRows } from './run-rows.js';
import { Scope } from './scope.js';
import type { ScopeParts } from './scope.js';

export interface MySqlSessionParts extends ScopeParts {
  /** false: a clock that is not the machine's is the store's, too (tests). */
  readonly isServerTimed: boolean;
}

/** Rows of one application within one transaction, or for one look. */
export class MySqlSession implements Session {
  readonly jobs: MySqlJobRows;
  readonly runs: MySqlRunRows;
  readonly held: MySqlHeldRows;
  readonly claims: MySqlClaimRows;
  readonly history: MySqlHistoryRows;
  readonly nodes: MySqlNodeRows;
  private readonly scope: Scope;

  constructor(private readonly parts: MySqlSessionParts) {
    const scope = new Scope(parts);
    const decoder = new JobDecoder(scope);
    const due = new DueJobs();
    this.scope = scope;
    this.jobs = new MySqlJobRows(scope, decoder);
    this.runs = new MySqlRunRows(scope, due);
    this.held = new MySqlHeldRows(scope);
    this.claims = new MySqlClaimRows(scope, decoder, due);
    this.history = new MySqlHistoryRows(scope);
    this.nodes = new MySqlNodeRows(scope);
  }

  runKey(id: string): number | null {
    return this.scope.runKey(id);
  }

  lookAhead(query: DueQuery, recoverBefore: Instant | null): void {
    this.claims.lookAhead(query, recoverBefore);
  }

  async storeTime(now: Instant): Promise<Instant> {
    if (!this.parts.isServerTimed) return now;
    // Read first, where the transaction began: a reading at its end would be dated too early, and runs begin before their time.
    return (await this.scope.begun())?.now ?? this.claims.readAt ?? now;
  }
}
