import type { JsonValue, Outcome, RunError, SkipReason } from '../core/index.js';
import { detailOf, errorOf, resultOf } from './stored-values.js';

/** How an attempt ended, before anybody decides what becomes of its run. */
export interface Ending {
  readonly outcome: Outcome;
  readonly reason: SkipReason | null;
  readonly detail: string | null;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  /** What was thrown, for listeners; null when nothing was. */
  readonly thrown: unknown;
  /** The handler ignored its signal and goes on: never retried, its late result is dropped. */
  readonly isAbandoned: boolean;
}

const PLAIN: Ending = {
  outcome: 'succeeded',
  reason: null,
  detail: null,
  error: null,
  result: null,
  thrown: null,
  isAbandoned: false,
};

/**
 * A guard, an interceptor or a task says that its run is to be skipped: thrown instead of a failure, settled as
 * `skipped`, never retried.
 */
export class SkipRunSignal extends Error {
  constructor(
    readonly reason: SkipReason,
    readonly detail: string | null,
  ) {
    super(`The run is to be skipped (${reason})${detail === null ? '' : `: ${detail}`}.`);
    this.name = 'SkipRunSignal';
  }
}

export function succeeded(value: unknown): Ending {
  return value === undefined || value === null ? PLAIN : { ...PLAIN, result: resultOf(value) };
}

export function failed(thrown: unknown): Ending {
  if (thrown instanceof SkipRunSignal) return skipped(thrown.reason, thrown.detail);
  return { ...PLAIN, outcome: 'failed', error: errorOf(thrown), thrown };
}

export function skipped(reason: SkipReason, detail: string | null): Ending {
  return { ...PLAIN, outcome: 'skipped', reason, detail: detailOf(detail) };
}

/** Ended by us, not by the handler. */
export function stopped(outcome: Outcome, cause: Error, isAbandoned: boolean): Ending {
  return { ...PLAIN, outcome, detail: detailOf(cause.message), error: errorOf(cause), thrown: cause, isAbandoned };
}
