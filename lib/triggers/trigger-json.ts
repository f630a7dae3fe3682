import type { JsonValue, TriggerJson, TriggerKind } from '../core/index.js';
import { AndTrigger } from './and-trigger.js';
import { CalendarIntervalTrigger } from './calendar-interval-trigger.js';
import type { CalendarRegistry } from './calendar-registry.js';
import { CronTrigger } from './cron-trigger.js';
import type { CronFields } from './cron/cron-fields.js';
import { DateTrigger } from './date-trigger.js';
import { dayWindow } from './day-window.js';
import { InvalidTriggerError } from './errors.js';
import type { FilterableTrigger } from './filterable-trigger.js';
import type { Filters } from './filtered-trigger.js';
import { FilteredTrigger, checkedExclusions } from './filtered-trigger.js';
import { IntervalTrigger, intervalSettings } from './interval-trigger.js';
import { NeverTrigger } from './never-trigger.js';
import { OrTrigger } from './or-trigger.js';
import type { Settings } from './settings.js';
import { readSettings } from './settings.js';

type Json = Readonly<Record<string, JsonValue | undefined>>;
type Reader = (json: Json, settings: Settings, calendars: CalendarRegistry | null) => FilterableTrigger;

const DEEPEST = 10;

const READERS: Readonly<Record<TriggerKind, Reader>> = {
  cron: (json, settings) => new CronTrigger((json.expression ?? json.fields) as string | CronFields, settings),
  interval: (json, settings) => new IntervalTrigger(json.length as number, intervalSettings(settings, json)),
  date: (json, settings) =>
    new DateTrigger(json.at as string | undefined, settings, (json.afterStart ?? null) as number | null),
  calendar: ({ years, months, weeks, days, hour, minute, second }, settings) =>
    new CalendarIntervalTrigger({ years, months, weeks, days, hour, minute, second } as object, settings),
  and: (json, settings, calendars) => new AndTrigger(childrenOf(json, calendars), settings),
  or: (json, settings, calendars) => new OrTrigger(childrenOf(json, calendars), settings),
  filtered: (json, _settings, calendars) => filteredOf(json, calendars),
  never: (json, settings) => new NeverTrigger(settings, (json.driver ?? null) as string | null),
};

/**
 * The trigger that `toJSON()` wrote.
 *
 * @param calendars where names of `excluding()` are looked up; without it such a trigger cannot be asked for fire times
 * @throws {InvalidTriggerError} when it is no trigger's JSON
 * @example triggerFromJSON(cron('0 9 * * *').toJSON())
 */
export function triggerFromJSON(json: TriggerJson, calendars: CalendarRegistry | null = null): FilterableTrigger {
  return read(json, calendars, 0);
}

function read(json: unknown, calendars: CalendarRegistry | null, depth: number): FilterableTrigger {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const { type, ...rest } = (isObject ? json : {}) as Json & { type?: unknown };
  const reader = typeof type === 'string' && Object.hasOwn(READERS, type) ? READERS[type as TriggerKind] : undefined;
  if (reader === undefined || depth > DEEPEST) {
    const kinds = Object.keys(READERS).join(', ');
    throw new InvalidTriggerError(
      'A stored trigger',
      json,
      `Its type is one of ${kinds}, nested ${DEEPEST} deep at most.`,
    );
  }
  const nested = { ...rest, depth };
  return reader(nested, readSettings(rest, `${type as string} trigger`), calendars);
}

const depthOf = (json: Json): number => (json.depth as number) + 1;

function childrenOf(json: Json, calendars: CalendarRegistry | null): FilterableTrigger[] {
  if (!Array.isArray(json.triggers))
    throw new InvalidTriggerError('triggers of a stored trigger', json.triggers, 'It is a list.');
  return (json.triggers as readonly JsonValue[]).map((child) => read(child, calendars, depthOf(json)));
}

function filteredOf(json: Json, calendars: CalendarRegistry | null): FilterableTrigger {
  const {
    excluding = [],
    between = [],
    unlessBetween = [],
  } = json as Readonly<Record<string, readonly JsonValue[] | undefined>>;
  const filters: Filters = {
    excluding: excluding.length === 0 ? [] : checkedExclusions(excluding),
    between: between.map((window) => windowOf(window, 'between')),
    unlessBetween: unlessBetween.map((window) => windowOf(window, 'unlessBetween')),
  };
  return new FilteredTrigger(read(json.trigger, calendars, depthOf(json)), filters, calendars);
}

function windowOf(window: JsonValue, place: string): Filters['between'][0] {
  const [from, to] = Array.isArray(window) ? (window as readonly JsonValue[]) : [];
  return dayWindow(from, to, place);
}
