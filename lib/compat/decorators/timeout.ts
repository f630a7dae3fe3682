import { noteOnMethod } from './note-on-method.js';
import type { CarillonOptions } from './cron.js';

/**
 * Runs the method once, that many milliseconds after the application's start.
 *
 * @example @Timeout('warm-up', 5_000) async warmUp() {}
 */
export function Timeout(timeout: number, options?: CarillonOptions): MethodDecorator;
/** The same under a name of the registry. */
export function Timeout(name: string, timeout: number, options?: CarillonOptions): MethodDecorator;
export function Timeout(
  first: string | number,
  second?: number | CarillonOptions,
  third?: CarillonOptions,
): MethodDecorator {
  const named = typeof first === 'string';
  return noteOnMethod('Timeout', {
    kind: 'timeout',
    name: named ? first : undefined,
    cronTime: undefined,
    length: named ? second : first,
    peer: {},
    own: (named ? third : (second as CarillonOptions | undefined)) ?? {},
  });
}
