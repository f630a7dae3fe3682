/** A length of time as luxon's object form has it; fractions are allowed. */
export interface DurationFields {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/**
 * A length of time: a number is **milliseconds**; text is `'90s'`, `'5m'`, `'1h30m'` or ISO 8601 (`'PT5M'`); an object
 * is `{ minutes: 5 }`.
 */
export type Duration = number | string | DurationFields;

/** A luxon `DateTime`, known by what it can do: luxon is not named in the declarations. */
export interface DateTimeLike {
  toMillis(): number;
}

/**
 * A point in time: `Date`, luxon `DateTime`, epoch milliseconds, or ISO text, where a space may stand for the `T`. Text
 * without offset is in the job's zone.
 */
export type InstantInput = Date | DateTimeLike | number | string;

/** Cron by fields (SEMANTICS 1.1): `{ dayOfWeek: 'mon-fri', hour: '9-17', minute: '0,30' }`; `dayOfWeek` 0 is Monday. */
export interface CronFields {
  readonly year?: number | string;
  readonly month?: number | string;
  readonly day?: number | string;
  readonly week?: number | string;
  readonly dayOfWeek?: number | string;
  readonly hour?: number | string;
  readonly minute?: number | string;
  readonly second?: number | string;
}
