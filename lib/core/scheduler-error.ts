/**
 * Base of every error that Carillon throws. `code` is stable and may be compared; the message says what happened,
 * where, and what to do. A foreign error is kept as `cause`.
 */
export abstract class SchedulerError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}
