import type { Instant } from '../core/index.js';
import { wallOf, zoneNamed } from './zone.js';
import type { Zone } from './zone.js';

/** An instant on the wall clock of a zone. */
export interface WallTime {
  /** `2026-03-29 03:30:00`. */
  readonly text: string;
  /** `+02:00`. */
  readonly offset: string;
  /** What a change of the clocks does to it, in a sentence; null: nothing. */
  readonly note: string | null;
}

/**
 * What the wall clock of a zone shows at an instant, and whether a change of the clocks makes that time special.
 *
 * @throws {InvalidTimezoneError}
 * @example wallTime(Date.UTC(2026, 9, 25, 0, 30), 'Europe/Berlin').note // '02:30 comes twice that day; this is the first'
 */
export function wallTime(at: Instant, timezone: string): WallTime {
  const zone = zoneNamed(timezone);
  const wall = wallOf(zone, at);
  return { text: textOf(wall), offset: offsetText(wall - Math.floor(at / 1000)), note: noteOf(zone, at, wall) };
}

function noteOf(zone: Zone, at: Instant, wall: number): string | null {
  const second = Math.floor(at / 1000);
  const span = zone.spanAt(second);
  const time = textOf(wall).slice(11, 16);
  if (wall < span.seen) return `${time} comes twice that day; this is the second`;
  if (second === span.start && span.localStart > span.seen) {
    return `the clocks go forward from ${textOf(span.seen).slice(11, 16)} to ${time}: what falls between is due now`;
  }
  if (span.end !== Infinity && wall >= zone.spanAt(span.end).localStart) {
    return `${time} comes twice that day; this is the first`;
  }
  return null;
}

/** Wall time in seconds as `YYYY-MM-DD HH:MM:SS`. */
function textOf(wall: number): string {
  return new Date(wall * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function offsetText(seconds: number): string {
  const minutes = Math.abs(Math.round(seconds / 60));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return `${seconds < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}
