import { SchedulerError } from '../../core/index.js';
import type { Instant, Millis } from '../../core/index.js';
import {
  DURATION_EXAMPLES,
  INSTANT_EXAMPLES,
  InvalidDurationError,
  InvalidInstantError,
  isValidZone,
  nearest,
  toInstant,
  toMillis,
} from '../../triggers/index.js';
import type { Duration, InstantInput } from './inputs.js';
import type { Kind, Problem } from './kind.js';
import { mustBe, problem } from './kind.js';

const DAY: Millis = 86_400_000;
const LONGEST: Millis = 36_525 * DAY;

export interface DurationLimits {
  readonly min?: Millis;
  readonly max?: Millis;
  /** A bare number from 1 to 999 is refused: seconds were meant. */
  readonly refusesSmallNumbers?: boolean;
  /** Said when it is 0. */
  readonly zeroAdvice?: string;
}

/** A length of time; without `min` more than 0. */
export function duration(limits: DurationLimits = {}): Kind {
  const { min = 1, max = LONGEST } = limits;
  return {
    type: 'Duration',
    unit: 'ms when a bare number',
    limits: `${shortSpan(min)} to ${shortSpan(max)}`,
    check(value, option) {
      const refused = refusedNumber(value, option, limits);
      if (refused.length > 0) return refused;
      const length = readDuration(value);
      if (typeof length === 'string') return mustBe(option, value, 'a length of time', length);
      if (length === 0 && limits.zeroAdvice !== undefined) return problem(option, value, limits.zeroAdvice);
      if (length >= min && length <= max) return [];
      return mustBe(option, value, `a length of time from ${shortSpan(min)} to ${shortSpan(max)}`);
    },
  };
}

function refusedNumber(value: unknown, option: string, limits: DurationLimits): Problem[] {
  if (typeof value !== 'number') return [];
  if (limits.refusesSmallNumbers === true && value > 0 && value < 1_000) {
    return problem(
      option,
      value,
      `is too short: ${value} is milliseconds; write '${value}s' or { seconds: ${value} }.`,
    );
  }
  return [];
}

const EXAMPLES = `Write '90s', '5m', '1h30m', 'PT5M', { minutes: 5 } or milliseconds.`;

/** Its milliseconds, or what is wrong with it. */
function readDuration(value: unknown): Millis | string {
  if (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value)) {
    return `Text needs a unit: write '${value.trim()}s' for seconds, or the number ${value.trim()} for milliseconds.`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return EXAMPLES;
  if (typeof value !== 'number' && typeof value !== 'string' && (typeof value !== 'object' || value === null)) {
    return EXAMPLES;
  }
  try {
    return toMillis(value);
  } catch (error) {
    return adviceOf(error, EXAMPLES);
  }
}

function shortSpan(length: Millis): string {
  const units: readonly [string, Millis][] = [
    ['d', DAY],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ];
  if (length >= LONGEST) return '100 years';
  const unit = units.find(([, size]) => length >= size && length % size === 0);
  return unit === undefined ? `${length} ms` : `${length / unit[1]} ${unit[0]}`;
}

/** A point in time; whether its text is right in the job's zone is found out when it is read. */
export function instant(): Kind {
  return {
    type: 'InstantInput',
    check(value, option) {
      const answer = readInstant(value, 'UTC');
      return typeof answer === 'number' ? [] : mustBe(option, value, 'a point in time', answer);
    },
  };
}

/** Its instant in that zone, or what is wrong with it. */
export function readInstant(value: unknown, zone: string): Instant | string {
  const advice = `Write a Date, '2026-12-25T09:00', '2026-12-25 09:00', a luxon DateTime or epoch milliseconds.`;
  const isObject = typeof value === 'object' && value !== null;
  if (!isObject && typeof value !== 'string' && typeof value !== 'number') return advice;
  try {
    const at = toInstant(value as InstantInput, zone);
    return Number.isFinite(at) ? at : advice;
  } catch (error) {
    return adviceOf(error, advice);
  }
}

/** What is wrong with a value, and `examples` of what to write in place of the error's own: once, and not the value again. */
function adviceOf(error: unknown, examples: string): string {
  if (error instanceof InvalidDurationError || error instanceof InvalidInstantError) {
    const closer = error.advice.replace(DURATION_EXAMPLES, '').replace(INSTANT_EXAMPLES, '').trim();
    return `${closer} ${examples}`.trim();
  }
  return error instanceof SchedulerError ? `${error.message} ${examples}` : examples;
}

/** An IANA zone name. */
export function zone(): Kind {
  return {
    type: 'string',
    limits: 'IANA zone name',
    check(value, option) {
      if (typeof value === 'string' && value !== '' && isValidZone(value)) return [];
      const near = typeof value === 'string' ? nearest(value, Intl.supportedValuesOf('timeZone')) : null;
      const meant = near === null ? '' : ` Did you mean '${near}'?`;
      const advice = `Write a name such as 'Europe/Berlin' or 'UTC'.${meant}`;
      const local = value === 'local' || value === 'system' ? ` The machine's own zone is never used.` : '';
      return mustBe(option, value, 'an IANA zone name', advice + local);
    },
  };
}

/** A duration at the public edge as milliseconds; it was checked before. */
export function millis(value: Duration): Millis {
  return toMillis(value);
}
