import type { FluentWork } from '../../fluent/index.js';
import type { IntervalDecoratorOptions } from '../options/index.js';
import type { TriggerRule } from './trigger-rule.js';

/** A job of the code, or of the configuration, while its id and options may still change. */
export interface JobDraft {
  /** Where it was written: `ReportsService.send (@Cron)`. */
  readonly place: string;
  readonly task: string;
  readonly rule: TriggerRule;
  /** Checked. */
  readonly options: IntervalDecoratorOptions;
  /** What the fluent schedule is to run; `task` is that in words then. */
  readonly work?: FluentWork;
}

/** The id that the definition itself gives; null: it follows from the task. */
export function givenId({ options }: JobDraft): string | null {
  return options.id ?? options.name ?? null;
}
