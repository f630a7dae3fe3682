import type { Trigger } from '../core/index.js';
import { allOf, cron, CronTrigger, IntervalTrigger, readExpression } from '../triggers/index.js';
import type { FilterableTrigger, InstantInput } from '../triggers/index.js';
import { ConflictingFrequenciesError, InvalidScheduleError, MissingFrequencyError } from './errors.js';

/** Fields of a cron expression that frequencies splice. */
export type LineFields = Readonly<Record<'minute' | 'hour' | 'day' | 'month' | 'dayOfWeek', string>> & {
  readonly second: string | null;
  readonly year: string | null;
};

const EVERY_MINUTE: LineFields = {
  second: null,
  minute: '*',
  hour: '*',
  day: '*',
  month: '*',
  dayOfWeek: '*',
  year: null,
};

const TIME_FIELDS = ['second', 'minute', 'hour'] as const;
const LONGEST_SECONDS = 31_536_000;

type Filter = (trigger: FilterableTrigger) => FilterableTrigger;

/** When a job of the fluent schedule runs: what its frequencies and constraints said so far. */
export class Timing {
  private fields = EVERY_MINUTE;
  /** The expression as it was given, until a field of it is spliced. */
  private expression: string | null = null;
  private seconds: number | null = null;
  private given: FilterableTrigger | null = null;
  private readonly filters: Filter[] = [];
  /** Method that last set a time; null: none did. */
  private frequency: string | null = null;

  /** Sets fields of the expression; the others stay. */
  splice(method: string, fields: Partial<LineFields>): void {
    const setsTime = TIME_FIELDS.some((name) => fields[name] !== undefined);
    if (this.given !== null) throw conflict('trigger', method, "Combine triggers: allOf(trigger, cron('…')).");
    if (this.seconds !== null && setsTime) {
      throw conflict(
        'every',
        method,
        'every(seconds) has no time of day. Keep one of them; days() and between() may stay.',
      );
    }
    this.fields = { ...this.fields, ...fields };
    this.expression = null;
    this.frequency = method;
  }

  /** Replaces all fields; answers the zone of a `CRON_TZ=` prefix. */
  replace(expression: string): string | null {
    if (typeof expression === 'string' && expression.trim().toLowerCase() === '@reboot') {
      this.follow(cron('@reboot'));
      return null;
    }
    new CronTrigger(expression);
    const { names, fields, timezone, text } = readExpression(expression);
    this.splice('cron', { ...EVERY_MINUTE, ...Object.fromEntries(names.map((name, index) => [name, fields[index]])) });
    this.expression = text;
    return timezone;
  }

  /** Replaces the time of day by a grid of elapsed time; fields of days stay and filter it. */
  every(seconds: number): void {
    if (this.given !== null) throw conflict('trigger', 'every', 'Keep one of them.');
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_SECONDS) {
      const advice = `It is a whole number of seconds, 1 to ${LONGEST_SECONDS}. Other lengths: .trigger(every('1h30m')).`;
      throw new InvalidScheduleError('every', seconds, advice);
    }
    this.seconds = seconds;
    this.fields = { ...this.fields, second: null, minute: '*', hour: '*' };
    this.expression = null;
    this.frequency = 'every';
  }

  follow(trigger: Trigger): void {
    if (this.frequency !== null) throw conflict(this.frequency, 'trigger', 'Combine triggers: anyOf() or allOf().');
    if (!isFilterable(trigger)) {
      throw new InvalidScheduleError('trigger', trigger, "It is a trigger, such as cron('0 9 * * *') or every('5m').");
    }
    this.given = trigger;
    this.frequency = 'trigger';
  }

  /** Leaves fire times out; a window is judged at each fire time, in the job's zone (P29). */
  filter(filter: Filter): void {
    // Bad windows are refused where they are written.
    filter(ANY);
    this.filters.push(filter);
  }

  /**
   * The rule that all of it makes, its zone left to the job.
   *
   * @throws {MissingFrequencyError}
   * @throws {NeverFiresError} when no date matches
   */
  trigger(job: string, start: InstantInput | undefined): FilterableTrigger {
    if (this.frequency === null) throw new MissingFrequencyError(job);
    return this.filters.reduce((trigger, filter) => filter(trigger), this.rule(start));
  }

  private rule(start: InstantInput | undefined): FilterableTrigger {
    if (this.given !== null) return this.given;
    if (this.seconds === null) return new CronTrigger(this.expression ?? lineOf(this.fields));
    const grid = new IntervalTrigger({ seconds: this.seconds });
    const { day, month, dayOfWeek, year } = this.fields;
    if (day === '*' && month === '*' && dayOfWeek === '*' && year === null) return grid;
    // Every second of the days that match: where it agrees with the grid, the grid's own instant counts.
    const days = new CronTrigger(`* * * ${day} ${month} ${dayOfWeek}${year === null ? '' : ` ${year}`}`);
    return allOf(start === undefined ? grid : grid.withOptions({ start }), days);
  }
}

const ANY = new CronTrigger('* * * * *');

function lineOf({ second, minute, hour, day, month, dayOfWeek, year }: LineFields): string {
  const line = `${minute} ${hour} ${day} ${month} ${dayOfWeek}`;
  if (year !== null) return `${second ?? '0'} ${line} ${year}`;
  return second === null ? line : `${second} ${line}`;
}

function isFilterable(trigger: unknown): trigger is FilterableTrigger {
  const methods = trigger as Partial<Record<keyof FilterableTrigger, unknown>> | null | undefined;
  return [methods?.next, methods?.anchor, methods?.between].every((method) => typeof method === 'function');
}

function conflict(first: string, second: string, advice: string): ConflictingFrequenciesError {
  return new ConflictingFrequenciesError(first, second, advice);
}
