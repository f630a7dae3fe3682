import type { Answer, KeepsPlan, Link, Statements } from './link.js';

/**
 * Statements of one transaction over one connection. What is only sent fails at the commit at the latest: the database has
 * undone the transaction by then, since it carries out nothing behind a statement that failed.
 */
export class Transaction implements Statements {
  private readonly pending: Promise<unknown>[] = [];
  /** A statement that was not even sent: the commit behind it would be carried out. */
  private unsent: { readonly error: unknown } | null = null;
  private failed: { readonly error: unknown } | null = null;
  isCommitting = false;

  constructor(private readonly link: Link) {}

  query(text: string, values?: readonly unknown[], keepsPlan?: KeepsPlan): Promise<Answer> {
    const answer = this.link.query(text, values, keepsPlan);
    answer.catch((error: unknown) => (this.failed ??= { error }));
    return answer;
  }

  send(text: string, values?: readonly unknown[], keepsPlan?: KeepsPlan): void {
    try {
      this.note(this.link.query(text, values, keepsPlan));
    } catch (error) {
      this.unsent ??= { error };
    }
  }

  /** What first went wrong: statements behind it fail for no reason of their own. */
  causeOf(error: unknown): unknown {
    return this.failed === null ? error : this.failed.error;
  }

  /** Waits for everything that was sent, and for the last statement itself. */
  async end(commit: string): Promise<void> {
    if (this.unsent !== null) throw this.unsent.error;
    this.isCommitting = true;
    this.note(this.link.query(commit));
    // In order: the first failure is the cause of those behind it.
    for (const answer of this.pending) await answer;
  }

  /** false: not even that could be done, the connection is of no use any more. */
  async rollback(): Promise<boolean> {
    try {
      await this.link.query('ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  private note(answer: Promise<unknown>): void {
    // Looked at by the commit; until then it is no unhandled rejection.
    answer.catch((error: unknown) => (this.failed ??= { error }));
    this.pending.push(answer);
  }
}
