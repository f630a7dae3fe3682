import type { Instant, JobRecord, NewJob } from '../../../../core/index.js';
import type { Session } from '../../session.js';
import type { Link, Statements, Trouble } from './link.js';

/** What a transaction's session is made of. */
export interface SessionParts<B> {
  readonly statements: Statements;
  /** What the begin answers; null: no transaction, the session only reads. */
  readonly begun: Promise<B> | null;
  /** Tries before this one: the hopeful way through a step failed. */
  readonly tries: number;
  /** The connection is the caller's, with settings of its own. */
  readonly isCallers?: boolean;
  /** Calls back when the transaction is durable; within the caller's transaction, never. */
  readonly onCommit: (callback: () => void) => void;
}

/** One kind of database server, as `ServerDatabase` meets it. `B` is what its begin of a transaction says. */
export interface ServerDialect<B> {
  /** Connects; makes or checks the tables. */
  open(): Promise<void>;
  /** Ends every connection that is not lent. */
  close(): Promise<void>;
  /** Lends a connection. */
  link(): Promise<Link>;
  /** Sends the begin of a transaction, with its time limits, as one statement. */
  begin(link: Link): Promise<B>;
  /** Did the transaction that began so become durable? Null: the server cannot say. */
  wasCommitted(link: Link, begun: B): Promise<boolean | null>;
  session(parts: SessionParts<B>): Session;
  /** As `StoreDatabase.add`; null: it takes a transaction. */
  add?(link: Link, jobs: readonly NewJob[], at: Instant): Promise<JobRecord[] | null>;
  /**
   * The connection of the caller's transaction.
   *
   * @throws {TypeOrmStoreOptionsError} it is none, or on another database
   */
  callersLink(within: unknown): Promise<Link>;
  /** What the begin would say, within the caller's transaction. */
  beginWithin(link: Link): Promise<B>;
  /** As `JobStore.watch`; absent where the server cannot tell. */
  watch?(wake: () => void, doubt: () => void): () => void;
  /** As `JobStore.claimsAtOnce`. */
  readonly claimsAtOnce?: number;
  /** false: a change of another node may go unheard just now. */
  readonly isWatching?: boolean;
  /** Stands for the last step that withdrew claims; for servers that cannot wake their owners. */
  lastWithdrawal?(link: Link): Promise<string>;
  troubleOf(error: unknown): Trouble;
  /** An error that says what to do; one that does not come from the database is passed on as it is. */
  explained(error: unknown): unknown;
}
