import type { Trigger } from '../core/index.js';
import type { CalendarPredicate } from './calendars/calendar.js';
import type { CalendarRegistry } from './calendar-registry.js';
import type { TriggerOptions } from './settings.js';

/** A registered calendar's name, a date such as `'2026-12-24'`, or a predicate (memory jobs only). */
export type Exclusion = string | CalendarPredicate;

/** A trigger of this package: what every trigger promises, and the ways to leave fire times out. */
export interface FilterableTrigger extends Trigger {
  /** False when it holds a bare function, which no store can keep. */
  readonly isSerializable: boolean;
  /**
   * The same trigger without the fire times whose local date, or time, one of these holds.
   *
   * @param exclusions names of registered calendars, dates `'2026-12-24'`, or a predicate over the local date
   * @example cron('0 9 * * 1-5').excluding('holidays', '2026-12-24')
   */
  excluding(...exclusions: readonly Exclusion[]): FilterableTrigger;
  /** Only the fire times from `from` to `to` of the trigger's local day, both inclusive; may cross midnight. */
  between(from: string, to: string): FilterableTrigger;
  /** Only the fire times outside `from` to `to`, both excluded; may cross midnight. */
  unlessBetween(from: string, to: string): FilterableTrigger;
  /** The same rule with some options given anew. */
  withOptions(options: TriggerOptions): FilterableTrigger;
  /** The same trigger with its calendar names looked up in that registry, children included. */
  withCalendars(calendars: CalendarRegistry): FilterableTrigger;
  /** The same trigger with bare functions replaced by names that only this process can look up. */
  withNamedFunctions(calendars: CalendarRegistry): FilterableTrigger;
}
