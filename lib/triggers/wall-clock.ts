import type { Instant } from '../core/index.js';
import { wallOf, zoneNamed } from './zone.js';

/** An instant on the wall clock of a zone. */
export interface WallTime {
  /** `2026-03-29 03:30:00`. */
  readonly text: string;
  /** `+02:00`. */
  readonly offset: string;
}

/**
 * What the wall clock of a zone shows at an instant.
 *
 * @throws {InvalidTimezoneError}
 * @example wallTime(Date.UTC(2026, 9, 25, 0, 30), 'Europe/Berlin').text // '2026-10-25 02:30:00'
 */
export function wallTime(at: Instant, timezone: string): WallTime {
  const zone = zoneNamed(timezone);
  const wall = wallOf(zone, at);
  return { text: textOf(wall), offset: offsetText(wall - Math.floor(at / 1000)) };
}

/** Wall time in seconds as `YYYY-MM-DD HH:MM:SS`. */
export function textOf(wall: number): string {
  return new Date(wall * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function offsetText(seconds: number): string {
  const minutes = Math.abs(Math.round(seconds / 60));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return `${seconds < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}
