export { AndTrigger } from './and-trigger.js';
export { CalendarIntervalTrigger, type CalendarInterval } from './calendar-interval-trigger.js';
export { CalendarRegistry } from './calendar-registry.js';
export type { Calendar, CalendarPredicate, LocalDate } from './calendars/calendar.js';
export type { BusinessHours, CalendarDefinition, IcsSource } from './calendars/calendar-of.js';
export { firstClockChange, noteOf, wallRulesOf, type ClockChange, type WallRule } from './clock-changes.js';
export { CronTrigger } from './cron-trigger.js';
export type { CronFieldName, CronFields, CronFieldValue } from './cron/cron-fields.js';
export { DateTrigger } from './date-trigger.js';
export { DURATION_EXAMPLES, durationText, toMillis, type DurationInput, type DurationObject } from './durations.js';
export {
  InvalidCalendarError,
  InvalidCronError,
  InvalidDurationError,
  InvalidInstantError,
  InvalidTimezoneError,
  InvalidTriggerError,
  NeverFiresError,
  UnknownCalendarError,
} from './errors.js';
export type { Exclusion, FilterableTrigger } from './filterable-trigger.js';
export { FilteredTrigger } from './filtered-trigger.js';
export { INSTANT_EXAMPLES, toInstant, type InstantInput } from './instants.js';
export { IntervalTrigger, type IntervalOptions } from './interval-trigger.js';
export { nearest } from './nearest.js';
export { NeverTrigger } from './never-trigger.js';
export { OrTrigger } from './or-trigger.js';
export { readExpression, type CronText } from './cron/parsed-expression.js';
export type { TriggerOptions } from './settings.js';
export { allOf, anyOf, at, calendar, cron, every } from './short-forms.js';
export { createTriggerCodec, type TriggerCodecOptions } from './trigger-codec.js';
export { triggerFromJSON } from './trigger-json.js';
export { wallTime, type WallTime } from './wall-clock.js';
export { isValidZone } from './zone.js';
