import { scheduling } from './schedule-note.js';
import type { Trigger } from '../../core/index.js';
import type { DecoratorOptions, FromInjector } from '../options/index.js';

/**
 * Runs the method whenever a trigger fires: any of this package's triggers, combined ones too.
 *
 * @param trigger the trigger, or a function of Nest's `ModuleRef` that answers one
 * @param options of the job, or a function that answers them; those of the trigger are given to the trigger itself
 * @example @Scheduled(anyOf(cron({ hour: 9 }), every({ hours: 3 })), { maxInstances: 1 }) flexible() {}
 */
export function Scheduled(
  trigger: FromInjector<Trigger>,
  options: FromInjector<DecoratorOptions> = {},
): MethodDecorator {
  return scheduling('Scheduled', [trigger, options]);
}
