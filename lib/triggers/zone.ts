import type { Instant } from '../core/index.js';
import { SECONDS_PER_DAY } from './civil.js';
import { InvalidTimezoneError } from './errors.js';
import { nearest } from './nearest.js';

/**
 * A stretch of time in which a zone's offset is constant. Everything is in seconds: instants since the epoch, wall times
 * as if they were UTC. `seen` is the wall time up to which the clocks had gone before: less than `localStart` after a
 * gap (clocks went forward), more than it in an overlap (clocks went back), else equal.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly localStart: number;
  readonly localEnd: number;
  readonly seen: number;
}

/** Two changes of one zone are never nearer than this: the shortest stretch since 1970 has 6 days and 23 hours. */
const STEP = 6 * SECONDS_PER_DAY;
/** How far before a chunk its search begins, so that a change just before it is seen. */
const LEAD = 2 * STEP;
const CHUNK = 4 * 365 * SECONDS_PER_DAY;
const MOST_CHUNKS = 512;
/** Before this second and after the last there is one span without end: no trigger fires there. */
const FIRST_SECOND = -30 * SECONDS_PER_DAY;
const LAST_SECOND = 253_402_300_800 + 30 * SECONDS_PER_DAY;

/**
 * A time zone as spans of constant offset, which are found once through `Intl`, four years at a time and only when asked
 * for, and shared by all triggers.
 */
export class Zone {
  private readonly chunks = new Map<number, readonly Span[]>();
  private recent: Span;

  constructor(
    readonly name: string,
    private readonly format: Intl.DateTimeFormat | null,
  ) {
    this.recent = this.before();
  }

  /** The span that holds a second. */
  spanAt(second: number): Span {
    const recent = this.recent;
    if (second >= recent.start && second < recent.end) return recent;
    return (this.recent = this.find(second));
  }

  /** Seconds that the wall clock is ahead of UTC. */
  offsetAt(second: number): number {
    return this.spanAt(second).offset;
  }

  /**
   * The instant, in seconds, at which the wall clock first shows a wall time; a wall time in a gap is shown at no time,
   * and the gap's end counts for it (SEMANTICS 1.3). Null in a gap of a day or more.
   */
  secondOfWall(wall: number): number | null {
    let current = this.spanAt(wall - SECONDS_PER_DAY);
    while (current.localEnd <= wall) current = this.spanAt(current.end);
    if (wall >= current.localStart) return wall - current.offset;
    return current.localStart - current.seen < SECONDS_PER_DAY ? current.start : null;
  }

  private find(second: number): Span {
    if (this.format === null) return this.recent;
    if (second < FIRST_SECOND) return this.before();
    if (second >= LAST_SECOND) return this.after(LAST_SECOND);
    const spans = this.chunk(Math.floor((second - FIRST_SECOND) / CHUNK));
    let index = 0;
    while (second >= spans[index].end) index++;
    return spans[index];
  }

  private before(): Span {
    const end = this.format === null ? Infinity : FIRST_SECOND;
    return span(-Infinity, end, this.read(FIRST_SECOND), -Infinity);
  }

  private after(last: number): Span {
    const offset = this.read(last);
    return span(last, Infinity, offset, last + offset);
  }

  private chunk(index: number): readonly Span[] {
    let spans = this.chunks.get(index);
    if (spans === undefined) {
      if (this.chunks.size >= MOST_CHUNKS) this.chunks.clear();
      const start = FIRST_SECOND + index * CHUNK;
      spans = this.spansIn(start, Math.min(start + CHUNK, LAST_SECOND));
      this.chunks.set(index, spans);
    }
    return spans;
  }

  private spansIn(start: number, end: number): readonly Span[] {
    const spans: Span[] = [];
    let from = start - LEAD;
    let offset = this.read(from);
    let seen = from + offset;
    while (from < end) {
      const until = this.nextChange(from, offset, end);
      const begin = Math.max(from, start);
      if (until > start) spans.push(span(begin, until, offset, from < start ? Math.max(seen, start + offset) : seen));
      seen = Math.max(seen, until + offset);
      from = until;
      offset = this.read(until);
    }
    return spans;
  }

  /** The first second after `from` at which the offset is another one, or `end` when it stays until then. */
  private nextChange(from: number, offset: number, end: number): number {
    let probe = from;
    while (probe < end) {
      const upTo = Math.min(probe + STEP, end);
      if (this.read(upTo) !== offset) return this.changeIn(probe, upTo, offset);
      probe = upTo;
    }
    return end;
  }

  /** The second in (low, high] at which the offset is no longer `offset`. */
  private changeIn(low: number, high: number, offset: number): number {
    let [before, after] = [low, high];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.read(middle) === offset) before = middle;
      else after = middle;
    }
    return after;
  }

  private read(second: number): number {
    if (this.format === null) return 0;
    const text = this.format.format(second * 1000);
    const at = text.lastIndexOf('GMT') + 3;
    const sign = text.charCodeAt(at) === 45 || text.charCodeAt(at) === 0x2212 ? -1 : 1;
    const [hours = 0, minutes = 0, seconds = 0] = text
      .slice(at + 1)
      .split(':')
      .map(Number);
    return sign * (hours * 3600 + minutes * 60 + seconds);
  }
}

function span(start: number, end: number, offset: number, seen: number): Span {
  return { start, end, offset, localStart: start + offset, localEnd: end + offset, seen };
}

const zones = new Map<string, Zone>();
const MOST_ZONES = 2_000;
const UTC_NAMES: ReadonlySet<string> = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Zulu', 'Etc/Zulu']);
/** IANA names only: `Intl` of newer Node versions also takes offsets such as `+02:00`, which know no daylight saving. */
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/**
 * The one shared `Zone` of that name.
 *
 * @throws {InvalidTimezoneError} with the known name that comes nearest
 */
export function zoneNamed(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = new Zone(name, formatOf(name));
  if (zones.size >= MOST_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** Whether a value is the name of a time zone that this Node knows. */
export function isValidZone(name: unknown): name is string {
  if (typeof name !== 'string') return false;
  try {
    zoneNamed(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone of triggers that are not anchored and name none. */
export const UTC = zoneNamed('UTC');

/** The wall clock's time in a zone at an instant, in seconds as if it were UTC. */
export function wallOf(zone: Zone, at: Instant): number {
  const second = Math.floor(at / 1000);
  return second + zone.offsetAt(second);
}

function formatOf(name: string): Intl.DateTimeFormat | null {
  if (UTC_NAMES.has(name)) return null;
  try {
    if (typeof name === 'string' && NAME.test(name)) {
      return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    }
  } catch {
    // refused below, with advice
  }
  const near = typeof name === 'string' ? nearest(name, Intl.supportedValuesOf('timeZone')) : null;
  throw new InvalidTimezoneError(name, near);
}
