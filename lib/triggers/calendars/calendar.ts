/** A date as the wall clock of the trigger's zone shows it. */
export interface LocalDate {
  readonly year: number;
  /** 1-12 */
  readonly month: number;
  /** 1-31 */
  readonly day: number;
  /** 0 = Monday, as in the field form of cron */
  readonly weekday: number;
}

/** True for a date that the calendar holds. Must be pure: it is asked again for the same date. */
export type CalendarPredicate = (date: LocalDate) => boolean;

/** A set of wall times, such as holidays. */
export interface Calendar {
  /**
   * 0 when the calendar does not hold that wall time; else the seconds until it may be over, 1 or more.
   *
   * @param day day number of the local date
   * @param second second of that day
   */
  heldFor(day: number, second: number): number;
}
