import { CommandLineError, EXIT } from './errors.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-23 09:00:00` on the wall clock of a zone. */
export function localTime(at: Date, timezone: string): string {
  let format = formats.get(timezone);
  if (format === undefined) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
    format = new Intl.DateTimeFormat('sv-SE', { ...parts, second: '2-digit', timeZone: timezone });
    formats.set(timezone, format);
  }
  return format.format(at);
}

/** `in 3 h 5 min`, `12 s ago`, `now`. */
export function relativeTime(at: Date, now: number): string {
  const length = at.getTime() - now;
  if (Math.abs(length) < SECOND) return 'now';
  return length > 0 ? `in ${lengthText(length)}` : `${lengthText(-length)} ago`;
}

/** A length of time in its two largest units. */
export function lengthText(length: number): string {
  if (length < SECOND) return `${Math.round(length)} ms`;
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ];
  const first = units.findIndex(([unit]) => length >= unit);
  const [size, name] = units[first];
  const second = units[first + 1];
  const rest = second === undefined ? 0 : Math.floor((length % size) / second[0]);
  return `${Math.floor(length / size)} ${name}${rest === 0 ? '' : ` ${rest} ${second[1]}`}`;
}

/** @throws {CommandLineError} it is no zone's name */
export function checkedZone(timezone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return timezone;
  } catch (cause) {
    throw new CommandLineError(
      `There is no time zone "${timezone}". Give an IANA name such as Europe/Berlin.`,
      EXIT.usage,
      {
        cause,
      },
    );
  }
}
