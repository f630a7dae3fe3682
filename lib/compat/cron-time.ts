import { luxon } from './luxon.js';
import { makeTrigger } from '../nest/index.js';
import type { DateTime } from 'luxon';
import type { Clock, Instant, Trigger } from '../core/index.js';
import type { Assembly } from '../nest/index.js';
import type { CronTimeInput } from './peer-note.js';

/** What a cron time is made with. */
export type CronTimeSite = Pick<Assembly, 'calendars'> & { readonly clock: Clock; readonly timezone: string };

/** How a cron time is placed on the globe: by zone, or by an offset in minutes. */
export interface CronPlace {
  readonly timeZone?: string;
  readonly utcOffset?: number;
}

/** Names that `cron` has beside the usual ones. */
const PRESETS: Readonly<Record<string, string>> = {
  '@secondly': '* * * * * *',
  '@minutely': '0 * * * * *',
  '@weekdays': '0 0 0 * * 1-5',
  '@weekends': '0 0 0 * * 0,6',
};

const HOUR = 60;

/** When a `CronJob` fires, in the shape of the class of that name of the package `cron`. */
export class CronTime {
  readonly source: string | DateTime | Date;
  readonly timeZone: string | undefined;
  readonly utcOffset: number | undefined;
  /** One instant, and no expression. */
  readonly realDate: boolean;
  /** What the scheduler fires by; in UTC, with `shift`, for an offset that is no whole hour. */
  readonly trigger: Trigger;
  readonly zone: string;
  /** Milliseconds that the trigger's wall clock is ahead of its zone. */
  readonly shift: number;

  constructor(
    source: CronTimeInput,
    place: CronPlace,
    private readonly site: CronTimeSite,
  ) {
    const { timeZone, utcOffset } = offsetOf(place);
    this.source = source;
    this.utcOffset = utcOffset;
    this.timeZone = utcOffset === undefined ? (timeZone ?? site.timezone) : undefined;
    this.realDate = typeof source !== 'string';
    const fixed = utcOffset === undefined ? null : fixedZone(utcOffset);
    this.zone = fixed?.zone ?? this.timeZone ?? 'UTC';
    this.shift = this.realDate ? 0 : (fixed?.shift ?? 0);
    const rule =
      typeof source === 'string'
        ? ({ kind: 'cron', when: expressionOf(source) } as const)
        : ({ kind: 'at', when: source } as const);
    const made = makeTrigger(rule, { timezone: this.zone }, { calendars: site.calendars });
    this.trigger = made.anchor({ now: site.clock.now(), jobId: 'cron', timezone: this.zone });
  }

  /** The first fire time after an instant; null: none. */
  next(after: Instant): Instant | null {
    const next = this.trigger.next(after + this.shift);
    return next === null ? null : next - this.shift;
  }

  /** The next fire time, or the next `count` of them. */
  sendAt(): DateTime;
  sendAt(count: number): DateTime[];
  sendAt(count?: number): DateTime | DateTime[] {
    const dates: DateTime[] = [];
    let after: Instant | null = this.site.clock.now();
    for (let left = count ?? 1; left > 0; left--) {
      after = this.next(after);
      if (after === null) break;
      dates.push(this.dateOf(after));
    }
    if (count !== undefined) return dates;
    if (dates.length > 0) return dates[0];
    throw new Error(`"${this.toString()}" has no fire time to come: its instant is past.`);
  }

  /** Milliseconds until the next fire time; -1: none is to come. */
  getTimeout(): number {
    const now = this.site.clock.now();
    const next = this.next(now);
    return next === null ? -1 : next - now;
  }

  toString(): string {
    return typeof this.source === 'string' ? this.source : new Date(Number(this.source)).toISOString();
  }

  private dateOf(instant: Instant): DateTime {
    const { DateTime: Dates, FixedOffsetZone } = luxon();
    const zone = this.utcOffset === undefined ? this.zone : FixedOffsetZone.instance(this.utcOffset);
    return Dates.fromMillis(instant, { zone });
  }
}

/** The expression as this package reads it. */
export function expressionOf(source: string): string {
  return PRESETS[source.trim().toLowerCase()] ?? source;
}

/** `UTC+5:30` as a zone is an offset. */
function offsetOf({ timeZone, utcOffset }: CronPlace): CronPlace {
  const found = /^UTC([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(timeZone ?? '');
  if (found === null) return { timeZone, utcOffset };
  const minutes = Number(found[2]) * HOUR + Number(found[3] ?? 0);
  return { utcOffset: found[1] === '-' ? -minutes : minutes };
}

/** Zones by name exist for whole hours only, and count the other way round. */
function fixedZone(offset: number): { zone: string; shift: number } {
  const hours = offset / HOUR;
  if (offset === 0) return { zone: 'UTC', shift: 0 };
  if (!Number.isInteger(hours) || hours < -12 || hours > 14) return { zone: 'UTC', shift: offset * 60_000 };
  return { zone: `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`, shift: 0 };
}
