import { cron, DateTrigger, IntervalTrigger, NeverTrigger } from '../../triggers/index.js';
import { millis } from '../options/units.js';
import type { Trigger } from '../../core/index.js';
import type { CalendarRegistry, FilterableTrigger, TriggerOptions } from '../../triggers/index.js';
import type { IntervalDecoratorOptions } from '../options/index.js';
import type { TriggerRule } from './trigger-rule.js';

export interface TriggerSurroundings {
  readonly calendars: CalendarRegistry;
}

/**
 * The trigger of a definition, not anchored. The zone is left to the job, whose it is when the trigger names none.
 *
 * @throws {SchedulerError} what the trigger refuses
 */
export function makeTrigger(
  rule: TriggerRule,
  options: IntervalDecoratorOptions,
  { calendars }: TriggerSurroundings,
): Trigger {
  const trigger = bareTrigger(rule, options);
  return isFilterable(trigger) ? trigger.withCalendars(calendars) : trigger;
}

function bareTrigger(rule: TriggerRule, options: IntervalDecoratorOptions): Trigger {
  const beside = triggerOptions(options);
  switch (rule.kind) {
    case 'cron':
      // Not the class: `@reboot` is no CronTrigger.
      return cron(rule.when as string, beside);
    case 'interval':
      return new IntervalTrigger(rule.length, { ...beside, ...intervalOptions(options) });
    case 'at':
      return new DateTrigger(rule.when, beside);
    case 'timeout':
      // A code job's date must lie ahead when it is put.
      return new DateTrigger(undefined, beside, Math.max(1, millis(rule.delay)));
    case 'driven':
      return new NeverTrigger(beside, rule.driver);
    case 'trigger':
      return beside !== NO_OPTIONS && isFilterable(rule.trigger) ? rule.trigger.withOptions(beside) : rule.trigger;
  }
}

export function isFilterable(trigger: Trigger): trigger is FilterableTrigger {
  return 'withOptions' in trigger && 'withCalendars' in trigger;
}

const NO_OPTIONS: TriggerOptions = Object.freeze({});

function triggerOptions({ start, end, jitter, limit, runOnStart }: IntervalDecoratorOptions): TriggerOptions {
  const isOpen = start === undefined && end === undefined;
  if (isOpen && jitter === undefined && limit === undefined && runOnStart === undefined) return NO_OPTIONS;
  return given({ start, end, jitter, limit, runOnStart });
}

function intervalOptions({ fixedDelay, initialDelay }: IntervalDecoratorOptions): object {
  return given({ fixedDelay, initialDelay });
}

function given<T extends object>(options: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const name in options) if (options[name] !== undefined) kept[name] = options[name];
  return kept;
}
