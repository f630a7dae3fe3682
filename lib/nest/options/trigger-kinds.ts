import { SchedulerError } from '../../core/index.js';
import type { Trigger, TriggerKind } from '../../core/index.js';
import { cron } from '../../triggers/index.js';
import type { Kind, OptionSpec } from './kind.js';
import { isPlainObject, mustBe, problem } from './kind.js';
import { thing } from './kinds.js';
import { duration, instant } from './units.js';

/** Cron as expression or fields, read by the trigger itself, so that its message is the trigger's. */
export function cronRule(): Kind {
  return {
    type: 'string | CronFields',
    check(value, option) {
      const isRule = typeof value === 'string' || isPlainObject(value);
      const advice = "Write '0 9 * * 1-5' or { hour: 9, dayOfWeek: 'mon-fri' }.";
      if (!isRule) return mustBe(option, value, 'a cron expression or its fields', advice);
      try {
        cron(value as string);
        return [];
      } catch (error) {
        if (!(error instanceof SchedulerError)) throw error;
        return problem(option, value, `is refused: ${error.message}`);
      }
    },
  };
}

const KINDS: ReadonlySet<unknown> = new Set<TriggerKind>([
  'cron',
  'interval',
  'date',
  'calendar',
  'and',
  'or',
  'filtered',
  'never',
]);

/**
 * A trigger of this package, also of another copy of it. Not a user's own: rows keep a trigger as JSON, which nothing
 * could read back; a predicate in `excluding()` does what an own one would.
 */
export function isTrigger(value: unknown): value is Trigger {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, next, first, toJSON, anchor } = value as Partial<Record<keyof Trigger, unknown>>;
  return KINDS.has(kind) && [next, first, toJSON, anchor].every((method) => typeof method === 'function');
}

export function trigger(): Kind {
  return thing('Trigger', "a trigger, such as cron('0 9 * * *'), every('5m') or at(instant)", isTrigger);
}

/** The four ways to give a job its trigger. */
export function triggerKinds(): Record<'cron' | 'every' | 'at' | 'trigger', OptionSpec> {
  return {
    cron: { kind: cronRule(), neighbours: ['expression', 'cronTime', 'pattern', 'schedule', 'crontab'] },
    every: {
      kind: duration({
        refusesSmallNumbers: true,
        zeroAdvice: "is 0: it would fire without end. Write how far apart, such as '5m'.",
      }),
      neighbours: ['interval', 'repeatEvery', 'ms'],
    },
    at: { kind: instant(), neighbours: ['date', 'runDate', 'run_date', 'runAt', 'run_at'] },
    trigger: { kind: trigger(), neighbours: ['triggers'] },
  };
}
