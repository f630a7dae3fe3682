import { scheduling } from './schedule-note.js';
import type { DecoratorOptions, Duration, FromInjector } from '../options/index.js';

/**
 * Runs the method once after each start of the application, that long after it. In a shared store it is one run of the
 * cluster: a start while a run is still to come puts that one off, one after it ran makes another.
 *
 * @param delay a number is **milliseconds**; else `'30s'` or `{ seconds: 30 }`; or a function of Nest's `ModuleRef`
 * @param options of the job and of its trigger, or a function that answers them
 * @example @Timeout('30s') warmCache() {}
 */
export function Timeout(delay: FromInjector<Duration>, options: FromInjector<DecoratorOptions> = {}): MethodDecorator {
  return scheduling('Timeout', [delay, options]);
}
