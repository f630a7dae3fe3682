import type { Instant, JsonValue, Trigger, TriggerJson } from '../core/index.js';
import { textOf } from './wall-clock.js';
import { zoneNamed } from './zone.js';
import type { Span, Zone } from './zone.js';

/** A rule about the wall clock of one zone. */
export interface WallRule {
  readonly timezone: string;
  /** The same rule in UTC: its fire times are the wall times that it wants. */
  readonly wanted: Trigger;
}

/** A change of the clocks that meets a time which a rule wants. */
export interface ClockChange {
  readonly at: Instant;
  readonly timezone: string;
  /** The wanted time, `2026-03-29 02:30`. */
  readonly local: string;
  readonly note: string;
}

type Json = Readonly<Record<string, JsonValue | undefined>>;

/**
 * What of a trigger goes by a wall clock; elapsed time and dates do not.
 *
 * @param decode makes a trigger of JSON
 */
export function wallRulesOf(json: TriggerJson, decode: (json: TriggerJson) => Trigger): WallRule[] {
  if (json.type === 'or') {
    return (json.triggers as unknown as TriggerJson[]).flatMap((child) => wallRulesOf(child, decode));
  }
  const kinds = kindsIn(json);
  if (['interval', 'date', 'never'].some((kind) => kinds.has(kind))) return [];
  return [{ timezone: zoneIn(json) ?? 'UTC', wanted: decode(inUtc(json) as TriggerJson) }];
}

/** What a change of the clocks does to a fire time of these rules, in a sentence; null: nothing. */
export function noteOf(rules: readonly WallRule[], at: Instant): string | null {
  for (const rule of rules) {
    const note = noteOfRule(rule, at);
    if (note !== null) return note;
  }
  return null;
}

/** The first change of the clocks in (from, to] that leaves out or repeats a time these rules want. */
export function firstClockChange(rules: readonly WallRule[], from: Instant, to: Instant): ClockChange | null {
  const found = rules.flatMap((rule) => changesOf(rule, from, to).slice(0, 1));
  return found.sort((a, b) => a.at - b.at)[0] ?? null;
}

function noteOfRule({ timezone, wanted }: WallRule, at: Instant): string | null {
  const second = Math.floor(at / 1000);
  const zone = zoneNamed(timezone);
  const span = zone.spanAt(second);
  const wall = second + span.offset;
  const isWanted = firstIn(wanted, wall, wall + 1) !== null;
  if (second === span.start && span.localStart > span.seen && !isWanted) {
    return firstIn(wanted, span.seen, span.localStart) === null ? null : forwardText(span);
  }
  if (!isWanted) return null;
  if (wall < span.seen) return `${timeOf(wall)} comes twice that day; this is the second`;
  if (isFirstPass(zone, span, wall)) return `${timeOf(wall)} comes twice that day; this is the first`;
  return null;
}

function isFirstPass(zone: Zone, span: Span, wall: number): boolean {
  return span.end !== Infinity && wall >= zone.spanAt(span.end).localStart;
}

function changesOf({ timezone, wanted }: WallRule, from: Instant, to: Instant): ClockChange[] {
  const changes: ClockChange[] = [];
  const zone = zoneNamed(timezone);
  let { end } = zone.spanAt(Math.floor(from / 1000));
  while (end * 1000 <= to) {
    const span = zone.spanAt(end);
    const [first, last] = [Math.min(span.seen, span.localStart), Math.max(span.seen, span.localStart)];
    const wall = firstIn(wanted, first, last);
    if (wall !== null && !isOftener(wanted, first, last)) {
      const isForward = span.localStart > span.seen;
      const note = isForward ? forwardText(span) : `${timeOf(wall)} comes twice that day`;
      changes.push({ at: end * 1000, timezone, local: textOf(wall).slice(0, 16), note });
    }
    ({ end } = span);
  }
  return changes;
}

/** Whoever wants times before and behind it as well fires there all the same. */
function isOftener(wanted: Trigger, first: number, last: number): boolean {
  const length = last - first;
  return firstIn(wanted, first - length, first) !== null && firstIn(wanted, last, last + length) !== null;
}

/** The first wanted wall time in [from, until), in seconds. */
function firstIn(wanted: Trigger, from: number, until: number): number | null {
  const next = wanted.next(from * 1000 - 1);
  return next === null || next >= until * 1000 ? null : Math.floor(next / 1000);
}

function forwardText({ seen, localStart }: Span): string {
  return `the clocks go forward from ${timeOf(seen)} to ${timeOf(localStart)}: what falls between is due now`;
}

function timeOf(wall: number): string {
  return textOf(wall).slice(11, 16);
}

function kindsIn(json: JsonValue | undefined): Set<string> {
  const kinds = new Set<string>();
  eachObject(json, ({ type }) => {
    if (typeof type === 'string') kinds.add(type);
  });
  return kinds;
}

function zoneIn(json: JsonValue): string | null {
  let zone: string | null = null;
  eachObject(json, ({ timezone }) => (zone ??= typeof timezone === 'string' ? timezone : null));
  return zone;
}

function eachObject(json: JsonValue | undefined, look: (object: Json) => void): void {
  if (typeof json !== 'object' || json === null) return;
  if (!Array.isArray(json)) look(json as Json);
  for (const value of Object.values(json)) eachObject(value as JsonValue, look);
}

function inUtc(json: JsonValue): JsonValue {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((it) => inUtc(it as JsonValue));
  const entries = Object.entries(json).map(([name, value]) => [name, name === 'timezone' ? 'UTC' : inUtc(value)]);
  return Object.fromEntries(entries) as JsonValue;
}
