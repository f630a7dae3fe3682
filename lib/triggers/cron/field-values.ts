/** Which values a parsed field has, as bits: value v is bit v of `low`, from 30 on bit v - 30 of `high`. */
export interface FieldValues {
  readonly low: number;
  readonly high: number;
  /** `*` or `*\/n` is in its list. */
  readonly hasWildcard: boolean;
}

/** A union of days of a month; which days they are depends on the month. Bits count from 0 = the 1st. */
export interface DayRule {
  readonly plain: number;
  /** Bit n: the n-th day before the last one. */
  readonly beforeLast: number;
  /** Bit n: the Monday to Friday nearest to that day, within the month. */
  readonly nearest: number;
  /** The last Monday to Friday of the month. */
  readonly lastWorkday: boolean;
  /** Weekdays (bit 0 = Sunday) of the first to fifth time in the month. */
  readonly nth: readonly [number, number, number, number, number];
  /** Weekdays (bit 0 = Sunday) of the last time in the month. */
  readonly lastWeekdays: number;
}

/** Years as inclusive steps; a year matches when one of them holds it. */
export interface YearStep {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export const HALF = 30;
export const ALL_DAYS = 0x7fffffff;
export const ALL_WEEKDAYS = 0x7f;
export const ALL_MONTHS = 0x1ffe;
export const ALL_HOURS = 0xffffff;
export const ALL_HALF = 0x3fffffff;

export const intersected = (left: FieldValues, right: FieldValues): FieldValues => ({
  low: left.low & right.low,
  high: left.high & right.high,
  hasWildcard: left.hasWildcard && right.hasWildcard,
});
