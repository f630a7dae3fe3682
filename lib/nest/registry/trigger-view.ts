import type { JsonValue, Trigger, TriggerCodec, TriggerJson } from '../../core/index.js';
import { toInstant } from '../../triggers/index.js';
import type { AndTrigger, CronTrigger, DateTrigger, IntervalTrigger } from '../../triggers/index.js';
import { dateOrNull } from './run.js';

/** What every trigger of a job shows. */
export interface TriggerFacts {
  /** Short technical form: `cron 0 9 * * 1-5 (Europe/Berlin)`. */
  readonly text: string;
  /** In plain English: `At 09:00, Monday through Friday`. */
  readonly description: string;
  readonly timezone: string | null;
  readonly start: Date | null;
  readonly end: Date | null;
  /** Milliseconds; 0 for none. */
  readonly jitter: number;
  readonly limit: number | null;
  readonly runOnStart: boolean;
}

export interface CronTriggerView extends TriggerFacts {
  readonly kind: 'cron';
  /** null: it was given by fields. */
  readonly expression: string | null;
  /** A single value is a number (`hour: 0`), anything else its text (`minute: '0,30'`). */
  readonly fields: Readonly<Record<string, number | string>>;
}

export interface IntervalTriggerView extends TriggerFacts {
  readonly kind: 'interval';
  /** Milliseconds. */
  readonly every: number;
  /** Counts from the end of the previous run. */
  readonly fixedDelay: boolean;
}

export interface DateTriggerView extends TriggerFacts {
  readonly kind: 'date';
  /** null: at once when it is put. */
  readonly at: Date | null;
}

export interface CalendarTriggerView extends TriggerFacts {
  readonly kind: 'calendar';
  /** `{ months: 1, hour: 9 }`: as it was given. */
  readonly rule: Readonly<Record<string, JsonValue>>;
}

export interface CombinedTriggerView extends TriggerFacts {
  readonly kind: 'and' | 'or';
  readonly triggers: readonly JobTrigger[];
}

export interface FilteredTriggerView extends TriggerFacts {
  readonly kind: 'filtered';
  readonly trigger: JobTrigger;
  readonly filters: Readonly<Record<string, JsonValue>>;
}

export interface NeverTriggerView extends TriggerFacts {
  readonly kind: 'never';
}

/** What this version of the application cannot read: of a newer one, damaged, or with a calendar that is not registered. */
export interface UnreadableTriggerView extends TriggerFacts {
  readonly kind: 'unreadable';
}

/** A job's trigger: a union by `kind`. */
export type JobTrigger =
  | CronTriggerView
  | IntervalTriggerView
  | DateTriggerView
  | CalendarTriggerView
  | CombinedTriggerView
  | FilteredTriggerView
  | NeverTriggerView
  | UnreadableTriggerView;

/** A trigger as plain values. */
export function triggerView(trigger: Trigger): JobTrigger {
  return Object.assign(viewOf(trigger), { description: descriptionOf(trigger) });
}

/** The trigger of a row; one that cannot be read hides neither its job nor the others (P23). */
export function storedTriggerView(text: string, triggers: TriggerCodec): JobTrigger {
  try {
    return triggerView(triggers.decode(text));
  } catch (error) {
    const description = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: 'unreadable', text, description, ...NO_SETTINGS };
  }
}

const NO_SETTINGS = { timezone: null, start: null, end: null, jitter: 0, limit: null, runOnStart: false } as const;

/** Views of one call that are shared; there may be as many triggers as jobs. */
const SHARED_VIEWS = 100;

/**
 * As `triggerView`, but the sentence is made when it is read: many jobs were added, and few are looked at. Jobs of one
 * call that have one trigger share its view.
 */
export class LateTriggerViews {
  private readonly views = new Map<Trigger, JobTrigger>();

  of(trigger: Trigger): JobTrigger {
    const known = this.views.get(trigger);
    if (known !== undefined) return known;
    const description = { get: (): string => descriptionOf(trigger), enumerable: true };
    const view = Object.freeze(Object.defineProperty(viewOf(trigger) as JobTrigger, 'description', description));
    const isShared = view.start === null && view.end === null && view.kind === 'cron';
    // A `Date` could be changed by who reads it.
    if (isShared && this.views.size < SHARED_VIEWS) this.views.set(trigger, view);
    return view;
  }
}

/** Equal triggers of many jobs are one object, and a sentence takes far longer to make than the rest of a view. */
const descriptions = new WeakMap<Trigger, string>();

function descriptionOf(trigger: Trigger): string {
  let description = descriptions.get(trigger);
  if (description === undefined) {
    description = trigger.describe();
    descriptions.set(trigger, description);
  }
  return description;
}

type Undescribed<T> = T extends unknown ? Omit<T, 'description'> : never;
type UndescribedTrigger = Undescribed<JobTrigger>;

function viewOf(trigger: Trigger): UndescribedTrigger {
  const facts = factsOf(trigger);
  switch (trigger.kind) {
    case 'cron': {
      const { expression, fields } = trigger as CronTrigger;
      return { kind: 'cron', expression, fields: Object.freeze({ ...fields }), ...facts };
    }
    case 'interval':
      return {
        kind: 'interval',
        every: (trigger as IntervalTrigger).length,
        fixedDelay: trigger.fixedDelay !== null,
        ...facts,
      };
    case 'date':
      return { kind: 'date', at: dateOrNull((trigger as DateTrigger).at), ...facts };
    case 'calendar':
      return { kind: 'calendar', rule: ruleOf(trigger.toJSON()), ...facts };
    case 'and':
    case 'or':
      return { kind: trigger.kind, triggers: (trigger as AndTrigger).triggers.map(triggerView), ...facts };
    case 'filtered':
      return {
        kind: 'filtered',
        trigger: triggerView((trigger as FilteredTrigger).inner),
        ...filtersOf(trigger),
        ...facts,
      };
    case 'never':
      return { kind: 'never', ...facts };
  }
}

function factsOf(trigger: Trigger): Omit<TriggerFacts, 'description'> {
  const { start, end }: Record<string, JsonValue> = isSerializable(trigger) ? trigger.toJSON() : {};
  return {
    text: trigger.toString(),
    timezone: trigger.timezone ?? null,
    start: boundOf(start),
    end: boundOf(end),
    jitter: trigger.jitter,
    limit: trigger.limit,
    runOnStart: trigger.runOnStart,
  };
}

function boundOf(text: JsonValue | undefined): Date | null {
  return typeof text === 'string' || typeof text === 'number' ? new Date(toInstant(text)) : null;
}

const SETTINGS = new Set(['type', 'timezone', 'start', 'end', 'jitter', 'limit', 'runOnStart']);

function ruleOf(json: TriggerJson): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(json).filter(([name]) => !SETTINGS.has(name)));
}

function filtersOf(trigger: Trigger): Pick<FilteredTriggerView, 'filters'> {
  if (!isSerializable(trigger)) return { filters: {} };
  const { trigger: _inner, ...filters } = ruleOf(trigger.toJSON());
  return { filters };
}

/** false: it holds a function, and has no JSON. */
export function isSerializable(trigger: Trigger): boolean {
  return (trigger as Partial<FilteredTrigger>).isSerializable !== false;
}

interface FilteredTrigger extends Trigger {
  readonly inner: Trigger;
  readonly isSerializable: boolean;
}
