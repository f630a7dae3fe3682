import type { AnchorContext, Instant, JsonValue } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import type { InstantInput } from './instants.js';
import type { Bound, TriggerOptions, Settings } from './settings.js';
import { anchoredSettings, boundOf, boundText, fixedBound, optionsOf, settingsOf, zoneSuffix } from './settings.js';

/**
 * Fires once, at an instant; without one, at once when its job is put.
 *
 * @throws {InvalidInstantError} names the value and what to write
 * @example new DateTrigger('2026-12-25 09:00', { timezone: 'Europe/Berlin' })
 */
export class DateTrigger extends BaseTrigger {
  private readonly date: Bound | null;

  /**
   * @param instant `Date`, luxon `DateTime`, epoch milliseconds, or ISO text, without offset in the job's zone
   */
  constructor(instant?: InstantInput | null, options?: TriggerOptions | Settings) {
    super(settingsOf(options, 'at()'));
    this.date = boundOf(instant, 'The instant of at()', this.settings.timezone);
  }

  get kind(): 'date' {
    return 'date';
  }

  /** The instant; null while it is open: no date was given and the job is not put yet. */
  get at(): Instant | null {
    return this.date?.at ?? null;
  }

  /** Its date, even one in the past; without a date `now`. */
  override first(now: Instant): Instant | null {
    const at = this.date === null ? now : this.date.at;
    const { start, end } = this.settings;
    return (start !== null && at < start.at) || (end !== null && at > end.at) ? null : at;
  }

  protected nextOfRule(after: Instant): Instant | null {
    return this.date !== null && this.date.at > after ? this.date.at : null;
  }

  anchor({ now, timezone }: AnchorContext): DateTrigger {
    const settings = anchoredSettings(this.settings, timezone);
    const date =
      this.date === null ? { at: Math.floor(now), open: null } : fixedBound(this.date, settings.timezone ?? timezone);
    return settings === this.settings && date === this.date ? this : new DateTrigger(date.at, settings);
  }

  withOptions(options: TriggerOptions): DateTrigger {
    return new DateTrigger(this.date === null ? undefined : boundText(this.date), {
      ...optionsOf(this.settings),
      ...options,
    });
  }

  toString(): string {
    return `date ${this.date === null ? 'at once' : boundText(this.date)}${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    return this.date === null ? 'Once, at once' : `Once, at ${boundText(this.date)}${zoneSuffix(this.timezone)}`;
  }

  protected ruleJson(): Record<string, JsonValue> {
    return this.date === null ? {} : { at: boundText(this.date) };
  }
}
