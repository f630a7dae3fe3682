import type { AnchorContext, Instant, JsonValue, Millis } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import type { DurationInput } from './durations.js';
import { durationText, durationWords, toMillis } from './durations.js';
import { InvalidDurationError } from './errors.js';
import { LAST_INSTANT } from './instants.js';
import type { OnGrid } from './search.js';
import type { TriggerOptions } from './settings.js';
import { Settings, anchoredSettings, checkedBoolean, optionsOf, settingsOf, zoneSuffix } from './settings.js';

export interface IntervalOptions extends TriggerOptions {
  /** From the put to the first fire; with `start`, moves that. Default: one length. */
  readonly initialDelay?: DurationInput | undefined;
  /** Counts from the end of the previous run and keeps no grid. */
  readonly fixedDelay?: boolean | undefined;
}

/** Checked options of an interval. */
export class IntervalSettings extends Settings {
  constructor(
    { timezone, start, end, plan }: Settings,
    readonly initialDelay: Millis | null,
    readonly keepsNoGrid: boolean,
  ) {
    super(timezone, start, end, plan);
  }
}

function checkedSettings(options: IntervalOptions | undefined): IntervalSettings {
  return intervalSettings(settingsOf(options, 'every()', ['initialDelay', 'fixedDelay']), options ?? {});
}

/** The common settings with an interval's own options. */
export function intervalSettings(settings: Settings, { initialDelay, fixedDelay }: IntervalOptions): IntervalSettings {
  const delay = initialDelay === undefined ? null : toMillis(initialDelay, 'initialDelay of every()');
  return new IntervalSettings(settings, delay, checkedBoolean(fixedDelay, 'fixedDelay of every()'));
}

/**
 * Fires every so often in elapsed time: at `start + k * length`. A 24-hour interval drifts on the wall clock over a
 * daylight saving change; who wants wall-clock days uses `calendar({ days: 1 })` or a cron.
 *
 * Without `start` the first fire comes one length after the job is put, and stays when the process restarts.
 *
 * @throws {InvalidDurationError} when the length is not 1 ms or more
 * @example new IntervalTrigger({ minutes: 20 }, { start: '2026-03-02T09:00Z' })
 */
export class IntervalTrigger extends BaseTrigger implements OnGrid<IntervalTrigger> {
  /** In milliseconds, 1 or more. */
  readonly length: Millis;
  declare protected readonly settings: IntervalSettings;
  /** The first grid point, or null while it is open. */
  private readonly origin: Instant | null;

  /**
   * @param length text `'15m'`, an object `{ minutes: 15 }`, or a number of milliseconds
   */
  constructor(length: DurationInput, options?: IntervalOptions | IntervalSettings) {
    super(options instanceof IntervalSettings ? options : checkedSettings(options));
    this.length = toMillis(length, 'The length of an interval');
    if (this.length < 1) {
      throw new InvalidDurationError('The length of an interval', length, 'It is 1 millisecond or more.');
    }
    const { start, initialDelay } = this.settings;
    this.origin = start === null ? null : Math.min(start.at + (initialDelay ?? 0), LAST_INSTANT);
  }

  get kind(): 'interval' {
    return 'interval';
  }
  override get fixedDelay(): Millis | null {
    return this.settings.keepsNoGrid ? this.length : null;
  }
  get countsFromAsking(): boolean {
    return this.origin === null;
  }

  /** With `initialDelay: 0` the put itself is the first fire time. */
  override first(now: Instant): Instant | null {
    return this.settings.initialDelay === 0 ? this.next(now - 1) : this.next(now);
  }

  protected nextOfRule(after: Instant): Instant | null {
    const { origin, length } = this;
    if (origin !== null && after < origin) return origin;
    if (origin === null || this.settings.keepsNoGrid) return withinTime(Math.floor(after) + length);
    const next = origin + (Math.floor((after - origin) / length) + 1) * length;
    return withinTime(next > after ? next : next + length);
  }

  fixedAt(now: Instant): IntervalTrigger {
    return this.anchor({ now, jobId: '', timezone: this.timezone ?? 'UTC' });
  }

  anchor({ now, timezone }: AnchorContext): IntervalTrigger {
    const settings = anchoredSettings(this.settings, timezone);
    const { initialDelay, keepsNoGrid, start } = this.settings;
    if (settings === this.settings && start !== null && (initialDelay ?? 0) === 0) return this;
    const delay = initialDelay ?? (start === null ? this.length : 0);
    const at = Math.min((settings.start?.at ?? Math.floor(now)) + delay, LAST_INSTANT);
    const anchored = new Settings(settings.timezone, { at, open: null }, settings.end, settings.plan);
    return new IntervalTrigger(this.length, new IntervalSettings(anchored, initialDelay === 0 ? 0 : null, keepsNoGrid));
  }

  withOptions(options: IntervalOptions): IntervalTrigger {
    const { initialDelay, keepsNoGrid } = this.settings;
    const given = { ...optionsOf(this.settings), initialDelay: initialDelay ?? undefined, fixedDelay: keepsNoGrid };
    return new IntervalTrigger(this.length, { ...given, ...options });
  }

  toString(): string {
    const from = this.origin === null ? '' : ` from ${new Date(this.origin).toISOString()}`;
    return `every ${durationText(this.length)}${this.settings.keepsNoGrid ? ' after the end' : ''}${from}${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    return `Every ${durationWords(this.length)}${this.settings.keepsNoGrid ? ', counted from the end of the previous run' : ''}`;
  }

  protected ruleJson(): Record<string, JsonValue> {
    return {
      length: this.length,
      ...(this.settings.initialDelay === null ? {} : { initialDelay: this.settings.initialDelay }),
      ...(this.settings.keepsNoGrid ? { fixedDelay: true } : {}),
    };
  }
}

const withinTime = (at: Instant): Instant | null => (at <= LAST_INSTANT ? at : null);
