/** What a statement answered. */
export interface Answer {
  /** Each row as an array, in the order of its columns; numbers as numbers. */
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that were read or written. */
  readonly count: number;
}

/** Who carries out statements, in the order in which they were given. */
export interface Statements {
  query(text: string, values?: readonly unknown[], keepsPlan?: KeepsPlan): Promise<Answer>;
  /** Nobody waits for it: when it fails, the transaction fails. Outside of a transaction it is not there. */
  send(text: string, values?: readonly unknown[], keepsPlan?: KeepsPlan): void;
}

/**
 * The text comes again and again, and one plan serves it however many rows there are: a server that can is to keep the plan
 * with the connection.
 */
export type KeepsPlan = 'keeps plan';

/** One connection of a pool, lent. */
export interface Link {
  /** Queues the statement behind those before it. A driver that can sends it without waiting for their answers. */
  query(text: string, values?: readonly unknown[], keepsPlan?: KeepsPlan): Promise<Answer>;
  /** Gives it back. */
  release(): void;
  /** Ends the connection at once: what is under way on it fails. */
  cut(): void;
}

/**
 * What became of a statement that failed: `conflict`: undone, and may succeed when the transaction is done again;
 * `cut`: the connection went away, or could not be had; null: it would fail again.
 */
export type Trouble = 'conflict' | 'cut' | null;

/** Whose errors are explained. */
export interface Blamed {
  readonly store: string;
  /** Server and database, without secrets. */
  readonly place: string;
}
