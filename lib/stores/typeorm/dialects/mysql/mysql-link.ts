import type { Pool, PoolConnection, QueryOptions } from 'mysql2';
import { StatementTooLongError } from '../../errors.js';
import type { Answer, Link } from '../server/link.js';

/** What a link is told of its connection. */
export interface LinkParts {
  readonly store: string;
  readonly place: string;
  /** The longest packet that the server takes, in bytes. */
  readonly longestPacket: number;
  /** Statements in one packet, at most; 1: the connection takes one at a time. */
  readonly statementsAtOnce: number;
  /** Sent behind the end of a transaction, in the same packet. */
  readonly last: readonly string[];
  release(): void;
  cut(): void;
}

interface Waiting {
  readonly text: string;
  answer(answer: Answer): void;
  fail(error: unknown): void;
}

/** Bytes that belong to a packet beside its text. */
const FRAME = 1_024;

/** Ends a transaction, or what was done since its savepoint: whatever failed before is over. */
const UNDOING = /^ROLLBACK/;
const ENDING = /^(COMMIT|ROLLBACK)$/;

/**
 * Statements over one connection. Those that are given in one turn of the event loop, and while others are under way, go in
 * one packet: it is the round trip that costs. The server goes no further than the first that fails; but unlike others it
 * keeps the transaction open then, so nothing but a rollback is sent behind a failure.
 */
export class MySqlLink implements Link {
  private waiting: Waiting[] = [];
  private isBusy = false;
  private isToSend = false;
  private failed: { readonly error: unknown } | null = null;

  constructor(
    private readonly connection: PoolConnection,
    private readonly parts: LinkParts,
  ) {}

  query(text: string): Promise<Answer> {
    return new Promise((answer, fail) => {
      this.push({ text, answer, fail });
      if (ENDING.test(text))
        for (const last of this.parts.last) this.push({ text: last, answer: ignore, fail: ignore });
    });
  }

  release(): void {
    this.parts.release();
  }

  cut(): void {
    this.parts.cut();
  }

  private push(statement: Waiting): void {
    this.waiting.push(statement);
    this.sendSoon();
  }

  /** When everything is given that needs no answer first: behind all promises that are settled by now. */
  private sendSoon(): void {
    if (this.isToSend || this.isBusy || this.waiting.length === 0) return;
    this.isToSend = true;
    queueMicrotask(() => process.nextTick(() => this.send()));
  }

  private send(): void {
    this.isToSend = false;
    const packet = this.nextPacket();
    const [first] = packet;
    if (UNDOING.test(first.text)) this.failed = null;
    const { longestPacket, store, place } = this.parts;
    if (this.failed === null && packet.length === 1 && first.text.length + FRAME > longestPacket) {
      this.failed = { error: new StatementTooLongError(store, place, first.text.length + FRAME, longestPacket) };
    }
    if (this.failed !== null) return this.settle(packet, this.failed.error);
    this.isBusy = true;
    try {
      this.ask(packet);
    } catch (error) {
      this.done(packet, error);
    }
  }

  /** As many as fit. A rollback begins a packet: what is before it may fail. */
  private nextPacket(): Waiting[] {
    let length = FRAME;
    let count = 0;
    for (const { text } of this.waiting) {
      length += text.length + 1;
      const isFull = count >= this.parts.statementsAtOnce || length > this.parts.longestPacket || UNDOING.test(text);
      if (count > 0 && isFull) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private ask(packet: readonly Waiting[]): void {
    const options: QueryOptions = { sql: packet.map(({ text }) => text).join(';\n'), rowsAsArray: true };
    if (this.parts.statementsAtOnce === 1) options.typeCast = withoutBigTexts;
    this.connection.query(options, (error: unknown, results: unknown) => {
      if (error) return this.done(packet, error);
      const answers = (packet.length === 1 ? [results] : results) as unknown[];
      packet.forEach((statement, index) => statement.answer(answerOf(answers[index])));
      this.isBusy = false;
      this.sendSoon();
    });
  }

  private done(packet: readonly Waiting[], error: unknown): void {
    this.isBusy = false;
    this.failed = { error };
    this.settle(packet, error);
  }

  private settle(packet: readonly Waiting[], error: unknown): void {
    for (const statement of packet) statement.fail(error);
    this.sendSoon();
  }
}

/** A connection lent by the pool. */
export function lendConnection(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
}

function answerOf(result: unknown): Answer {
  if (Array.isArray(result)) return { rows: result as unknown[][], count: result.length };
  return { rows: [], count: (result as { affectedRows?: number }).affectedRows ?? 0 };
}

/** A connection of the application may give large integers as texts; those of this store fit a double. */
const withoutBigTexts: QueryOptions['typeCast'] = (field, next) => {
  if (field.type !== 'LONGLONG') return next();
  const digits = field.string();
  return digits === null ? null : Number(digits);
};

function ignore(): void {
  // Nobody waits for it; what fails fails its whole packet.
}
