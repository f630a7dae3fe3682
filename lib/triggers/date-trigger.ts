import type { AnchorContext, Instant, JsonValue, Millis } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import { LAST_INSTANT } from './instants.js';
import type { InstantInput } from './instants.js';
import { durationText, durationWords, toMillis } from './durations.js';
import type { Bound, TriggerOptions, Settings } from './settings.js';
import { anchoredSettings, boundOf, boundText, fixedBound, optionsOf, settingsOf, zoneSuffix } from './settings.js';

/**
 * Fires once, at an instant; without one, at once when its job is put, or a delay after each start.
 *
 * @throws {InvalidInstantError} names the value and what to write
 * @example new DateTrigger('2026-12-25 09:00', { timezone: 'Europe/Berlin' })
 */
export class DateTrigger extends BaseTrigger {
  private readonly date: Bound | null;

  /**
   * @param instant `Date`, luxon `DateTime`, epoch milliseconds, or ISO text, without offset in the job's zone
   * @param afterStart milliseconds: the instant is that long after the start of the scheduler, anew with each start
   */
  constructor(
    instant?: InstantInput | null,
    options?: TriggerOptions | Settings,
    private readonly afterStart: Millis | null = null,
  ) {
    super(settingsOf(options, 'at()'));
    if (afterStart !== null) toMillis(afterStart, 'afterStart of a date trigger');
    this.date = boundOf(instant, 'The instant of at()', this.settings.timezone);
  }

  get kind(): 'date' {
    return 'date';
  }

  /** The instant; null while it is open: no date was given and the job is not put yet. */
  get at(): Instant | null {
    return this.date?.at ?? null;
  }

  get renewsOnStart(): boolean {
    return this.afterStart !== null;
  }

  /** Its date, even one in the past; without a date `now`, or the delay after it. */
  override first(now: Instant): Instant | null {
    const at = this.date === null ? now + (this.afterStart ?? 0) : this.date.at;
    const { start, end } = this.settings;
    return (start !== null && at < start.at) || (end !== null && at > end.at) ? null : at;
  }

  protected nextOfRule(after: Instant): Instant | null {
    return this.date !== null && this.date.at > after ? this.date.at : null;
  }

  anchor({ now, timezone }: AnchorContext): DateTrigger {
    const settings = anchoredSettings(this.settings, timezone);
    const date =
      this.date === null
        ? { at: Math.min(Math.floor(now) + (this.afterStart ?? 0), LAST_INSTANT), open: null }
        : fixedBound(this.date, settings.timezone ?? timezone);
    if (settings === this.settings && date === this.date) return this;
    return new DateTrigger(date.at, settings, this.afterStart);
  }

  withOptions(options: TriggerOptions): DateTrigger {
    const settings = { ...optionsOf(this.settings), ...options };
    return new DateTrigger(this.date === null ? undefined : boundText(this.date), settings, this.afterStart);
  }

  toString(): string {
    const after = this.afterStart === null ? 'at once' : `${durationText(this.afterStart)} after each start`;
    return `date ${this.date === null ? after : boundText(this.date)}${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    const when = this.date === null ? 'at once' : `at ${boundText(this.date)}${zoneSuffix(this.timezone)}`;
    return `Once, ${this.afterStart === null ? when : `${durationWords(this.afterStart)} after each start`}`;
  }

  protected ruleJson(): Record<string, JsonValue> {
    return {
      ...(this.date === null ? {} : { at: boundText(this.date) }),
      ...(this.afterStart === null ? {} : { afterStart: this.afterStart }),
    };
  }
}
