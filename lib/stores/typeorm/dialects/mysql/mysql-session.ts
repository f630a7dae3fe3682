import type { Instant, Millis } from '../../../../core/index.js';
import type { DueQuery, Session, StoreReading } from '../../session.js';
import { MySqlClaimRows } from './claim-rows.js';
import { ClaimedBatches } from './claimed-batches.js';
import { DueJobs } from './due-jobs.js';
import { MySqlHeldRows } from './held-rows.js';
import { MySqlHistoryRows } from './history-rows.js';
import { MySqlJobDecoder } from './job-decoder.js';
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
    const decoder = new MySqlJobDecoder(scope);
    const due = new DueJobs();
    const batches = new ClaimedBatches(scope);
    this.scope = scope;
    this.jobs = new MySqlJobRows(scope, decoder);
    this.runs = new MySqlRunRows(scope, due, batches);
    this.held = new MySqlHeldRows(scope, batches);
    this.claims = new MySqlClaimRows(scope, decoder, due, batches);
    this.history = new MySqlHistoryRows(scope);
    this.nodes = new MySqlNodeRows(scope);
  }

  runKey(id: string): number | null {
    return this.scope.runKey(id);
  }

  lookAhead(query: DueQuery, recoverBefore: Instant | null): void {
    this.scope.isClaiming = true;
    this.claims.lookAhead(query, recoverBefore);
  }

  async announceWithdrawal(): Promise<Millis> {
    await this.scope.announceWithdrawal();
    return 0;
  }

  /** Nodes look here before they start what they claimed ahead. Last in its step, which holds all locks that it needs by then. */
  tellOthers(): void {
    this.scope.noteStops();
  }

  async storeTime(now: Instant): Promise<StoreReading> {
    return this.parts.isServerTimed ? await this.scope.storeTime(this.claims.readAt ?? now) : { storeNow: now };
  }
}
