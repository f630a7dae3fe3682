import { SchedulerError } from '../../lib/core/index.js';
import type { Trigger } from '../../lib/core/index.js';

/** A Friday. */
export const from = Date.parse('2026-11-20T00:00:00Z');

/** The next fire times as UTC, to the minute, or to the second where seconds matter. */
export function times(trigger: Trigger, count: number, after = from): string[] {
  return trigger.fireTimes(after, count).map((at) => new Date(at).toISOString().replace(/(:00)?\.000Z$/, ''));
}

export function errorOf(make: () => unknown): Error {
  try {
    make();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was refused');
}

export const refusal = (make: () => unknown): string => errorOf(make).message;

export function codeOf(make: () => unknown): string {
  const error = errorOf(make);
  return error instanceof SchedulerError ? error.code : `no SchedulerError: ${String(error)}`;
}
