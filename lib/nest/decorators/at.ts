import { scheduling } from './schedule-note.js';
import type { DecoratorOptions, FromInjector, InstantInput } from '../options/index.js';

/**
 * Runs the method once, at an instant; without one, at once when the application starts.
 *
 * An instant that is past when the application starts makes no run: the job is put as finished, reason `past`.
 *
 * @param when `Date`, luxon `DateTime`, epoch milliseconds or ISO text (without offset: in the job's zone), or a function
 *   of Nest's `ModuleRef` that answers one
 * @param options of the job and of its trigger, or a function that answers them
 * @example @At('2026-12-25T09:00', { timezone: 'Europe/Berlin' }) launch() {}
 */
export function At(when: FromInjector<InstantInput>, options?: FromInjector<DecoratorOptions>): MethodDecorator;
/** Runs the method once, at once when the application starts. */
export function At(options?: DecoratorOptions): MethodDecorator;
export function At(
  when?: FromInjector<InstantInput> | DecoratorOptions,
  options?: FromInjector<DecoratorOptions>,
): MethodDecorator {
  return scheduling('At', options === undefined && isOptions(when) ? [undefined, when ?? {}] : [when, options ?? {}]);
}

function isOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value === undefined;
  return !('toMillis' in value);
}
