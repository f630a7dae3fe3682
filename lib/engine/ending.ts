import type { JsonValue, Outcome, RunError, SkipReason } from '../core/index.js';

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

/** Kept of a result, an output or an error's texts, at most (SEMANTICS section 4). */
export const TEXT_LIMIT = 64 * 1_024;
const MESSAGE_LIMIT = 4 * 1_024;

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
  return { ...PLAIN, outcome: 'skipped', reason, detail };
}

/** Ended by us, not by the handler. */
export function stopped(outcome: Outcome, cause: Error, isAbandoned: boolean): Ending {
  return { ...PLAIN, outcome, detail: cause.message, error: errorOf(cause), thrown: cause, isAbandoned };
}

/** JSON of a handler's result; what is no JSON, or too large, is not kept. */
export function resultOf(value: unknown): JsonValue | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return bounded(value, TEXT_LIMIT);
  return typeof value === 'object' && value !== null ? copyOf(value) : null;
}

/** Anything that was thrown, as a row keeps it. */
export function errorOf(thrown: unknown): RunError {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: bounded(textOf(thrown), MESSAGE_LIMIT), stack: null, code: null };
  }
  const { code } = thrown as { code?: unknown };
  return {
    name: bounded(String(thrown.name), MESSAGE_LIMIT),
    message: bounded(String(thrown.message), MESSAGE_LIMIT),
    stack: typeof thrown.stack === 'string' ? bounded(thrown.stack, MESSAGE_LIMIT * 4) : null,
    code: typeof code === 'string' || typeof code === 'number' ? bounded(String(code), MESSAGE_LIMIT) : null,
  };
}

export function bounded(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

function copyOf(value: object): JsonValue | null {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined || text.length > TEXT_LIMIT ? null : (JSON.parse(text) as JsonValue);
  } catch {
    return null;
  }
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return 'something that has no text was thrown';
  }
}
