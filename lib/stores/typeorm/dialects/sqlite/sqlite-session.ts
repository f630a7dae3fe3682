import type { Database } from 'better-sqlite3';
import type { Session } from '../../session.js';
import { SqliteClaimRows } from './claim-rows.js';
import { SqliteHeldRows } from './held-rows.js';
import { SqliteHistoryRows } from './history-rows.js';
import { JobDecoder } from './job-decoder.js';
import { SqliteJobRows } from './job-rows.js';
import { SqliteNodeRows } from './node-rows.js';
import { RunRanges } from './run-ranges.js';
import { SqliteRunRows } from './run-rows.js';
import { Scope } from './scope.js';
import type { Place } from './scope.js';

/** Rows of one application over one connection. */
export class SqliteSession implements Session {
  readonly jobs: SqliteJobRows;
  readonly runs: SqliteRunRows;
  readonly held: SqliteHeldRows;
  readonly claims: SqliteClaimRows;
  readonly history: SqliteHistoryRows;
  readonly nodes: SqliteNodeRows;
  private readonly scope: Scope;
  private readonly decoder: JobDecoder;

  constructor(handle: Database, place: Place) {
    this.scope = new Scope(handle, place);
    this.decoder = new JobDecoder(this.scope);
    this.jobs = new SqliteJobRows(this.scope, this.decoder);
    const ranges = new RunRanges(this.scope);
    this.runs = new SqliteRunRows(this.scope, ranges);
    this.held = new SqliteHeldRows(this.scope, ranges);
    this.claims = new SqliteClaimRows(this.scope, this.decoder, ranges);
    this.history = new SqliteHistoryRows(this.scope, ranges);
    this.nodes = new SqliteNodeRows(this.scope);
  }

  runKey(id: string): number | null {
    return this.scope.runKey(id);
  }

  /** Before each transaction. */
  begin(): void {
    this.scope.begin();
  }

  /** After a rollback: nothing that was kept in memory may be believed. */
  forget(): void {
    this.scope.forget();
    this.decoder.forget();
    this.nodes.forgetWritten();
  }
}
