import { scheduling } from './schedule-note.js';
import type { CronFields, DecoratorOptions, FromInjector } from '../options/index.js';

/**
 * Runs the method at the wall-clock times of a cron rule.
 *
 * An expression has 5 fields (minute hour day month weekday, 0 and 7 are Sunday), 6 with seconds first, 7 with the year
 * last, or is `@daily` and the like. Fields by name count weekdays from Monday (0); those that are left out are `*`
 * below the largest one given, else their minimum. The zone is the option `timezone`, else the module's, else UTC.
 *
 * The method is given `args`, then the `JobContext`. Several decorators on one method make several jobs.
 *
 * @param when the expression or the fields, or a function of Nest's `ModuleRef` that answers either
 * @param options of the job and of its trigger, or a function that answers them
 * @example
 * ```ts
 * @Cron('0 9 * * 1-5', { id: 'report', timezone: 'Europe/Berlin', misfireGraceTime: '5m' })
 * @Cron((ref) => ref.get(ConfigService).getOrThrow('REPORT_CRON'))
 * async send(job: JobContext) {}
 * ```
 */
export function Cron(
  when: FromInjector<string | CronFields>,
  options: FromInjector<DecoratorOptions> = {},
): MethodDecorator {
  return scheduling('Cron', [when, options]);
}
