import type { Awaitable, Clock, Instant, JobRecord, Millis, NewJob } from '../../../../core/index.js';
import { StoreClosedError } from '../../errors.js';
import type { Session, StoreDatabase } from '../../session.js';
import { runSteps } from '../../steps.js';
import type { Steps } from '../../steps.js';
import type { Link, Statements } from './link.js';
import { Retry } from './retry.js';
import type { ServerDialect } from './server-dialect.js';
import { Transaction } from './transaction.js';

/** A connection that takes longer over one step hangs: it is ended, and the step is repeated over another. */
const STEP_LIMIT: Millis = 25_000;

/** A transaction costs more than the settlements in it, up to some twenty: so many that 1,000 runs a second are two dozen steps. */
const SETTLE_SPACING: Millis = 40;

export interface ServerDatabaseParts<B> {
  readonly store: string;
  readonly clock: Clock;
  readonly busyTimeout: Millis;
  readonly dialect: ServerDialect<B>;
  /** false: nothing is listened for, other nodes' changes are found by polling. */
  readonly listens?: boolean;
}

/**
 * A database server, reached over a pool of the store's own. A transaction that met a conflict, or lost its connection, is
 * done again from the start; one whose commit was in doubt is asked after first.
 */
export class ServerDatabase<B> implements StoreDatabase {
  readonly isServer = true;
  readonly settleSpacing: Millis = SETTLE_SPACING;
  readonly watch?: (wake: () => void, doubt: () => void) => () => void;
  private isOpen = false;
  private opening: Promise<void> | null = null;
  private seenWithdrawal: string | null = null;
  private readonly retry: Retry;

  constructor(private readonly parts: ServerDatabaseParts<B>) {
    const { store, clock, busyTimeout, dialect } = parts;
    const troubleOf = (error: unknown) => dialect.troubleOf(error);
    this.retry = new Retry({ store, clock, limit: busyTimeout, troubleOf });
    if (parts.listens !== false && dialect.watch) this.watch = (wake, doubt) => dialect.watch!(wake, doubt);
  }

  get claimsAtOnce(): number {
    return this.parts.dialect.claimsAtOnce ?? 1;
  }

  /** Owners of claims are not woken just now, or never. */
  hasForeignWrites(): Awaitable<boolean> {
    const { dialect } = this.parts;
    return dialect.lastWithdrawal === undefined ? dialect.isWatching !== true : this.hasNewWithdrawals();
  }

  async open(): Promise<void> {
    if (this.isOpen) return;
    this.opening ??= this.connect().finally(() => (this.opening = null));
    await this.opening;
  }

  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    if (!this.isOpen) return;
    this.isOpen = false;
    this.retry.stop();
    await this.parts.dialect.close();
  }

  async write<T>(work: (session: Session) => Steps<T>): Promise<T> {
    return await this.explained(() => this.retry.run((tries) => this.transact(work, tries)));
  }

  async add(jobs: readonly NewJob[], at: Instant): Promise<JobRecord[] | 'refused' | 'doubt'> {
    const { dialect } = this.parts;
    if (dialect.add === undefined) return 'refused';
    return await this.explained(async () => {
      const link = await this.lend();
      try {
        const added = await dialect.add!(link, jobs, at);
        link.release();
        return added ?? 'refused';
      } catch (error) {
        const trouble = dialect.troubleOf(error);
        if (trouble === 'cut') link.cut();
        else link.release();
        // Somebody else adds one of them at this moment, say: a transaction finds out.
        if (trouble === null) throw error;
        return trouble === 'cut' ? 'doubt' : 'refused';
      }
    });
  }

  async read<T>(work: (session: Session) => Steps<T>): Promise<T> {
    return await this.explained(() => this.retry.run((tries) => this.look(work, tries)));
  }

  /** In the caller's transaction, on the caller's connection: it is theirs to commit. */
  async writeWithin<T>(within: unknown, work: (session: Session) => Steps<T>): Promise<T> {
    return await this.explained(async () => {
      const { dialect } = this.parts;
      const link = await dialect.callersLink(within);
      await link.query('SAVEPOINT carillon');
      const statements = new Transaction(link);
      try {
        const begun = dialect.beginWithin(link);
        const result = await runSteps(
          work(dialect.session({ statements, begun, tries: 1, isCallers: true, onCommit: ignore })),
        );
        await statements.end('RELEASE SAVEPOINT carillon');
        return result;
      } catch (error) {
        await link.query('ROLLBACK TO SAVEPOINT carillon').catch(() => undefined);
        throw statements.causeOf(error);
      }
    });
  }

  /** Whoever cannot find out takes it that there are some. */
  private async hasNewWithdrawals(): Promise<boolean> {
    try {
      const last = await this.onLink((link) => this.parts.dialect.lastWithdrawal!(link));
      const isNew = last !== this.seenWithdrawal;
      this.seenWithdrawal = last;
      return isNew;
    } catch {
      return true;
    }
  }

  private async onLink<T>(ask: (link: Link) => Promise<T>): Promise<T> {
    const link = await this.lend();
    try {
      const answer = await ask(link);
      link.release();
      return answer;
    } catch (error) {
      if (this.parts.dialect.troubleOf(error) === 'cut') link.cut();
      else link.release();
      throw error;
    }
  }

  private async connect(): Promise<void> {
    try {
      await this.parts.dialect.open();
      this.isOpen = true;
      // What is withdrawn from here on is news.
      if (this.parts.dialect.lastWithdrawal !== undefined) await this.hasNewWithdrawals();
    } catch (error) {
      await this.parts.dialect.close().catch(() => undefined);
      throw this.parts.dialect.explained(error);
    }
  }

  private async transact<T>(work: (session: Session) => Steps<T>, tries: number): Promise<T> {
    const { dialect } = this.parts;
    const link = await this.lend();
    const transaction = new Transaction(link);
    const begun = this.begin(link);
    begun.catch(() => undefined);
    const { onCommit, committed } = callbacks();
    let done: { readonly result: T } | null = null;
    try {
      const session = dialect.session({ statements: transaction, begun, tries, onCommit });
      done = { result: await runSteps(work(session)) };
      await begun;
      await transaction.end('COMMIT');
      link.release();
    } catch (last) {
      const error = transaction.causeOf(last);
      await this.giveUp(link, transaction, error);
      const isInDoubt = done !== null && transaction.isCommitting && dialect.troubleOf(error) === 'cut';
      if (!isInDoubt || !(await this.wasCommitted(await begun))) throw error;
    }
    committed();
    return done!.result;
  }

  /** The server reads its clock here: in one short round trip, whatever else its transaction does. */
  private async begin(link: Link): Promise<B> {
    const { clock, dialect } = this.parts;
    const from = clock.monotonic();
    const begun = await dialect.begin(link);
    return { ...begun, within: { from, to: clock.monotonic() } };
  }

  private async giveUp(link: Link, transaction: Transaction, error: unknown): Promise<void> {
    const isCut = this.parts.dialect.troubleOf(error) === 'cut';
    if (!isCut && (await transaction.rollback())) link.release();
    else link.cut();
  }

  /** Asked over another connection; whoever cannot find out lets the error speak. */
  private async wasCommitted(begun: B): Promise<boolean> {
    const { dialect } = this.parts;
    const answer = await this.retry.run(async () => {
      const link = await this.lend();
      try {
        return await dialect.wasCommitted(link, begun);
      } finally {
        link.release();
      }
    });
    return answer === true;
  }

  private look<T>(work: (session: Session) => Steps<T>, tries: number): Promise<T> {
    return this.onLink(async (link) => {
      const statements: Statements = { query: (text, values) => link.query(text, values), send: refuse };
      return await runSteps(work(this.parts.dialect.session({ statements, begun: null, tries, onCommit: ignore })));
    });
  }

  private async lend(): Promise<Link> {
    if (!this.isOpen) throw new StoreClosedError(this.parts.store);
    const link = await this.parts.dialect.link();
    let isLent = true;
    const end = (how: () => void) => (): void => {
      if (!isLent) return;
      isLent = false;
      timer.cancel();
      how();
    };
    const cut = end(() => link.cut());
    const timer = this.parts.clock.after(STEP_LIMIT, cut);
    return { query: (...statement) => link.query(...statement), release: end(() => link.release()), cut };
  }

  private async explained<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw this.parts.dialect.explained(error);
    }
  }
}

function ignore(): void {
  // Nothing becomes durable here.
}

function callbacks(): { onCommit: (callback: () => void) => void; committed: () => void } {
  const all: (() => void)[] = [];
  const committed = (): void => {
    for (const callback of all) callback();
  };
  return { onCommit: (callback) => void all.push(callback), committed };
}

function refuse(): never {
  throw new Error('A session that only reads was asked to write.');
}
