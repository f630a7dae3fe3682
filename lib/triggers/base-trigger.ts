import type { AnchorContext, Instant, JsonValue, Millis, TriggerJson, TriggerKind } from '../core/index.js';
import type { CalendarRegistry } from './calendar-registry.js';
import { dayWindow } from './day-window.js';
import type { Exclusion, FilterableTrigger } from './filterable-trigger.js';
import { FilteredTrigger, NO_FILTERS, checkedExclusions } from './filtered-trigger.js';
import { fireTimesOf } from './fire-times.js';
import { LAST_INSTANT } from './instants.js';
import type { Settings, TriggerOptions } from './settings.js';
import { settingsJson } from './settings.js';

/** What all triggers with a rule of their own share: zone, window, limit and jitter, and the ways to filter. */
export abstract class BaseTrigger implements FilterableTrigger {
  abstract readonly kind: TriggerKind;

  protected constructor(protected readonly settings: Settings) {}

  abstract anchor(context: AnchorContext): FilterableTrigger;
  abstract withOptions(options: TriggerOptions): FilterableTrigger;
  abstract toString(): string;
  abstract describe(): string;
  /** The rule's first fire time strictly after `after`, without the window. */
  protected abstract nextOfRule(after: Instant): Instant | null;
  /** The rule's own part of the JSON. */
  protected abstract ruleJson(): Record<string, JsonValue>;

  get timezone(): string | undefined {
    return this.settings.timezone;
  }
  get jitter(): Millis {
    return this.settings.plan.jitter;
  }
  get limit(): number | null {
    return this.settings.plan.limit;
  }
  get fixedDelay(): Millis | null {
    return null;
  }
  get runOnStart(): boolean {
    return this.settings.plan.runOnStart;
  }
  get isSerializable(): boolean {
    return true;
  }

  next(after: Instant): Instant | null {
    if (!(after < LAST_INSTANT)) return null;
    const { start, end } = this.settings;
    const from = start !== null && after < start.at ? start.at - 1 : after;
    const next = this.nextOfRule(from > -LAST_INSTANT ? from : -LAST_INSTANT);
    return next !== null && (end === null || next <= end.at) ? next : null;
  }

  first(now: Instant): Instant | null {
    return this.next(now);
  }

  fireTimes(from: Instant, count: number): Instant[] {
    return fireTimesOf(this, from, count);
  }

  excluding(...exclusions: readonly Exclusion[]): FilterableTrigger {
    return new FilteredTrigger(this, { ...NO_FILTERS, excluding: checkedExclusions(exclusions) });
  }

  between(from: string, to: string): FilterableTrigger {
    return new FilteredTrigger(this, { ...NO_FILTERS, between: [dayWindow(from, to, 'between()')] });
  }

  unlessBetween(from: string, to: string): FilterableTrigger {
    return new FilteredTrigger(this, { ...NO_FILTERS, unlessBetween: [dayWindow(from, to, 'unlessBetween()')] });
  }

  withCalendars(_calendars: CalendarRegistry): FilterableTrigger {
    return this;
  }

  withNamedFunctions(_calendars: CalendarRegistry): FilterableTrigger {
    return this;
  }

  toJSON(): TriggerJson {
    return { type: this.kind, ...this.ruleJson(), ...settingsJson(this.settings) };
  }
}
