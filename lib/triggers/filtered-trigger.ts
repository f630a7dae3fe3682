import type { AnchorContext, Instant, JsonValue, TriggerJson } from '../core/index.js';
import type { Calendar, CalendarPredicate } from './calendars/calendar.js';
import { predicateCalendar } from './calendars/calendar-of.js';
import { wholeDays } from './calendars/whole-days.js';
import { dayOfText } from './calendars/date-text.js';
import type { CalendarRegistry } from './calendar-registry.js';
import { SECONDS_PER_DAY, timeText } from './civil.js';
import type { DayWindow } from './day-window.js';
import { dayWindow, isWithin, untilOutside, untilWithin, windowText } from './day-window.js';
import { InvalidTriggerError, UnknownCalendarError } from './errors.js';
import type { Exclusion, FilterableTrigger } from './filterable-trigger.js';
import { fireTimesOf } from './fire-times.js';
import { LONGEST_SEARCH, MOST_STEPS, onGridFrom } from './search.js';
import type { TriggerOptions } from './settings.js';
import type { Zone } from './zone.js';
import { UTC, zoneNamed } from './zone.js';

/** What a filtered trigger leaves out. */
export interface Filters {
  readonly excluding: readonly Exclusion[];
  readonly between: readonly DayWindow[];
  readonly unlessBetween: readonly DayWindow[];
}

export const NO_FILTERS: Filters = { excluding: [], between: [], unlessBetween: [] };

/**
 * A trigger without those of its fire times that a calendar or a part of the day holds, in the trigger's zone.
 *
 * Made by `excluding`, `between` and `unlessBetween`. The search for the next fire time is bounded: when ten years bring
 * none, the answer is null.
 *
 * @throws {UnknownCalendarError} when asked for fire times before its calendars are known
 */
export class FilteredTrigger implements FilterableTrigger {
  private readonly zone: Zone;
  private readonly calendars: readonly Calendar[] | null;

  constructor(
    readonly inner: FilterableTrigger,
    readonly filters: Filters,
    private readonly registry: CalendarRegistry | null = null,
  ) {
    this.zone = inner.timezone === undefined ? UTC : zoneNamed(inner.timezone);
    const isKnown = registry !== null || !filters.excluding.some(isName);
    this.calendars = isKnown ? filters.excluding.map((exclusion) => calendarFor(exclusion, registry)) : null;
  }

  get kind(): 'filtered' {
    return 'filtered';
  }
  get timezone(): string | undefined {
    return this.inner.timezone;
  }
  get jitter(): number {
    return this.inner.jitter;
  }
  get limit(): number | null {
    return this.inner.limit;
  }
  get fixedDelay(): number | null {
    return this.inner.fixedDelay;
  }
  get runOnStart(): boolean {
    return this.inner.runOnStart;
  }
  get renewsOnStart(): boolean {
    return this.inner.renewsOnStart ?? false;
  }
  get isSerializable(): boolean {
    return this.inner.isSerializable && !this.filters.excluding.some((exclusion) => typeof exclusion === 'function');
  }

  next(after: Instant): Instant | null {
    const inner = onGridFrom(this.inner, after);
    return this.kept(inner, inner.next(after));
  }

  first(now: Instant): Instant | null {
    const inner = onGridFrom(this.inner, now);
    return this.kept(inner, inner.first(now));
  }

  fireTimes(from: Instant, count: number): Instant[] {
    return fireTimesOf(this, from, count);
  }

  anchor(context: AnchorContext): FilterableTrigger {
    const inner = this.inner.anchor(context) as FilterableTrigger;
    return inner === this.inner ? this : new FilteredTrigger(inner, this.filters, this.registry);
  }

  excluding(...exclusions: readonly Exclusion[]): FilterableTrigger {
    const checked = checkedExclusions(exclusions);
    return this.with({ ...this.filters, excluding: [...this.filters.excluding, ...checked] });
  }

  between(from: string, to: string): FilterableTrigger {
    const { between } = this.filters;
    return this.with({ ...this.filters, between: [...between, dayWindow(from, to, 'between()')] });
  }

  unlessBetween(from: string, to: string): FilterableTrigger {
    const { unlessBetween } = this.filters;
    return this.with({ ...this.filters, unlessBetween: [...unlessBetween, dayWindow(from, to, 'unlessBetween()')] });
  }

  withOptions(options: TriggerOptions): FilterableTrigger {
    return new FilteredTrigger(this.inner.withOptions(options), this.filters, this.registry);
  }

  withCalendars(calendars: CalendarRegistry): FilterableTrigger {
    return new FilteredTrigger(this.inner.withCalendars(calendars), this.filters, calendars);
  }

  withNamedFunctions(calendars: CalendarRegistry): FilterableTrigger {
    const excluding = this.filters.excluding.map((it) => (typeof it === 'function' ? calendars.nameOf(it) : it));
    return new FilteredTrigger(this.inner.withNamedFunctions(calendars), { ...this.filters, excluding }, calendars);
  }

  toJSON(): TriggerJson {
    const { excluding, between, unlessBetween } = this.filters;
    return {
      type: 'filtered',
      trigger: this.inner.toJSON(),
      ...(excluding.length === 0 ? {} : { excluding: excluding.map(exclusionJson) }),
      ...(between.length === 0 ? {} : { between: between.map(windowJson) }),
      ...(unlessBetween.length === 0 ? {} : { unlessBetween: unlessBetween.map(windowJson) }),
    };
  }

  toString(): string {
    const { excluding, between, unlessBetween } = this.filters;
    const parts = [
      excluding.length === 0 ? '' : ` excluding ${excluding.map(exclusionText).join(', ')}`,
      ...between.map((window) => ` between ${windowText(window)}`),
      ...unlessBetween.map((window) => ` unless between ${windowText(window)}`),
    ];
    return `${this.inner.toString()}${parts.join('')}`;
  }

  describe(): string {
    const { excluding, between, unlessBetween } = this.filters;
    const parts = [
      excluding.length === 0 ? '' : `, but not on ${excluding.map(exclusionText).join(', ')}`,
      ...between.map(({ from, to }) => `, only between ${timeText(from)} and ${timeText(to)}`),
      ...unlessBetween.map(({ from, to }) => `, but not between ${timeText(from)} and ${timeText(to)}`),
    ];
    return `${this.inner.describe()}${parts.join('')}`;
  }

  private with(filters: Filters): FilteredTrigger {
    return new FilteredTrigger(this.inner, filters, this.registry);
  }

  /** The first of the inner trigger's fire times, from `candidate` on, that no filter holds. */
  private kept(inner: FilterableTrigger, candidate: Instant | null): Instant | null {
    const last = (candidate ?? 0) + LONGEST_SEARCH;
    let next = candidate;
    for (let step = 0; step < MOST_STEPS && next !== null && next <= last; step++) {
      const freeAt = this.freeFrom(next);
      if (freeAt <= next) return next;
      next = inner.next(Math.max(next, freeAt - 1));
    }
    return null;
  }

  /** The instant from which on the filter that holds `at` the longest may be over; `at` itself when none holds it. */
  private freeFrom(at: Instant): Instant {
    const second = Math.floor(at / 1000);
    const span = this.zone.spanAt(second);
    const wall = second + span.offset;
    const held = this.heldFor(
      Math.floor(wall / SECONDS_PER_DAY),
      ((wall % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY,
    );
    if (held === 0) return at;
    const free = wall + held;
    const inSpan = free < span.localEnd ? free - span.offset : span.end;
    return inSpan * 1000;
  }

  private heldFor(day: number, second: number): number {
    let held = 0;
    for (const calendar of this.knownCalendars()) held = Math.max(held, calendar.heldFor(day, second));
    for (const window of this.filters.between) {
      if (!isWithin(window, second)) held = Math.max(held, untilWithin(window, second));
    }
    for (const window of this.filters.unlessBetween) {
      if (isWithin(window, second)) held = Math.max(held, untilOutside(window, second));
    }
    return held;
  }

  private knownCalendars(): readonly Calendar[] {
    if (this.calendars !== null) return this.calendars;
    throw new UnknownCalendarError(this.filters.excluding.find(isName) as string, []);
  }
}

/** @throws {InvalidTriggerError} for what is neither name, date nor function */
export function checkedExclusions(exclusions: readonly unknown[]): Exclusion[] {
  const advice = "Give names of registered calendars, dates such as '2026-12-24', or a predicate over the local date.";
  if (exclusions.length === 0) throw new InvalidTriggerError('excluding()', undefined, advice);
  return exclusions.map((exclusion) => {
    if (typeof exclusion === 'function') return exclusion as CalendarPredicate;
    const isText = typeof exclusion === 'string' && (/^[A-Za-z#]/.test(exclusion) || dayOfText(exclusion) !== null);
    if (!isText) throw new InvalidTriggerError('excluding()', exclusion, advice);
    return exclusion;
  });
}

const isName = (exclusion: Exclusion): boolean => typeof exclusion === 'string' && !/^\d/.test(exclusion);

function calendarFor(exclusion: Exclusion, registry: CalendarRegistry | null): Calendar {
  if (typeof exclusion === 'function') return predicateCalendar('of excluding()', exclusion);
  const only = dayOfText(exclusion);
  if (only !== null) return wholeDays((day) => day === only);
  if (registry === null) throw new UnknownCalendarError(exclusion, []);
  return registry.get(exclusion);
}

const windowJson = ({ from, to }: DayWindow): JsonValue => [timeText(from), timeText(to)];

function exclusionJson(exclusion: Exclusion): string {
  if (typeof exclusion === 'string') return exclusion;
  throw new InvalidTriggerError(
    'excluding()',
    exclusion,
    "No store can keep a function. Register it, forRoot({ calendars: { name: fn } }), and write excluding('name').",
  );
}

const exclusionText = (exclusion: Exclusion): string =>
  typeof exclusion === 'string' ? exclusion : exclusion.name || 'a function';
