import type { Database, Statement } from 'better-sqlite3';

/** A prepared statement; rows come as arrays, which is what costs least. */
export type Prepared = Statement<unknown[], unknown[]>;

/**
 * `LIMIT ?` as it is to be written. SQLite plans by the value of a parameter that stands there alone, so it prepares the statement
 * anew for each: that takes ten times as long as a statement that finds few rows.
 */
export const LIMIT = 'LIMIT ? + 0';

/** Statements of one connection by name, each prepared on its first use and kept. */
export class Statements<Name extends string> {
  private readonly prepared: Partial<Record<Name, Prepared>> = {};

  constructor(
    private readonly handle: Database,
    private readonly texts: Readonly<Record<Name, string>>,
  ) {}

  get(name: Name): Prepared {
    return this.prepared[name] ?? this.prepare(name);
  }

  private prepare(name: Name): Prepared {
    const statement = this.handle.prepare<unknown[], unknown[]>(this.texts[name]);
    if (statement.reader) statement.raw();
    this.prepared[name] = statement;
    return statement;
  }
}
