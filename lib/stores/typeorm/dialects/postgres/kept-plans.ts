/** Texts that get a name, at most: each is kept on every connection. */
const MOST = 50;

/**
 * Names of statements whose plans the server keeps with each connection: to plan one again costs as much as to carry it out
 * for a few rows. No other process gives the same names, so that connections shared by a pooler never mistake one for another.
 */
export class KeptPlans {
  private readonly owner = globalThis.crypto.randomUUID();
  private readonly names = new Map<string, string>();
  private areRefused = false;

  /** undefined: it goes without. */
  nameOf(text: string): string | undefined {
    if (this.areRefused) return undefined;
    const known = this.names.get(text);
    if (known !== undefined || this.names.size >= MOST) return known;
    const name = `carillon_${this.owner}_${this.names.size}`;
    this.names.set(text, name);
    return name;
  }

  /**
   * A pooler that lends another connection for each transaction does not know the names there; and where a migration beside us
   * has changed what a plan answers, its name is of no use on this connection any more. From now on none is used.
   */
  refuse(): void {
    this.areRefused = true;
  }
}

/**
 * invalid_sql_statement_name, duplicate_prepared_statement: the connection is not the one that it seems to be;
 * feature_not_supported: the plan's result has other types by now, and the server plans it anew under another name only.
 */
const MISTAKEN = new Set(['26000', '42P05', '0A000']);

export function isPlanMistaken(code: string): boolean {
  return MISTAKEN.has(code);
}
