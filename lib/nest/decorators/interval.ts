import { scheduling } from './schedule-note.js';
import type { Duration, FromInjector, IntervalDecoratorOptions } from '../options/index.js';

/**
 * Runs the method again and again, a fixed length of elapsed time apart. The first run comes after one length; the grid
 * stays when the process restarts and the job is in a shared store.
 *
 * @param length a number is **milliseconds**; else `'15m'` or `{ minutes: 15 }`; or a function of Nest's `ModuleRef`
 * @param options of the job and of its trigger, or a function that answers them
 * @example @Interval({ minutes: 15 }, { fixedDelay: true }) async sync() {}
 */
export function Interval(
  length: FromInjector<Duration>,
  options: FromInjector<IntervalDecoratorOptions> = {},
): MethodDecorator {
  return scheduling('Interval', [length, options]);
}
