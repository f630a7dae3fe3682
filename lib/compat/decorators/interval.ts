import { noteOnMethod } from './note-on-method.js';
import type { CarillonOptions } from './cron.js';

/**
 * Runs the method again and again, that many milliseconds apart; a run that is still open is not overlapped.
 *
 * @example @Interval('poll', 10_000) async poll() {}
 */
export function Interval(timeout: number, options?: CarillonOptions): MethodDecorator;
/** The same under a name of the registry. */
export function Interval(name: string, timeout: number, options?: CarillonOptions): MethodDecorator;
export function Interval(
  first: string | number,
  second?: number | CarillonOptions,
  third?: CarillonOptions,
): MethodDecorator {
  const named = typeof first === 'string';
  return noteOnMethod('Interval', {
    kind: 'interval',
    name: named ? first : undefined,
    cronTime: undefined,
    length: named ? second : first,
    peer: {},
    own: (named ? third : (second as CarillonOptions | undefined)) ?? {},
  });
}
