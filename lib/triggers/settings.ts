import type { Instant, JsonValue, Millis } from '../core/index.js';
import type { DurationInput } from './durations.js';
import { toMillis } from './durations.js';
import { InvalidTriggerError } from './errors.js';
import type { InstantInput, WallTime } from './instants.js';
import { instantOfWall, parseInstant } from './instants.js';
import { nearest } from './nearest.js';
import { zoneNamed } from './zone.js';

/** What every trigger may have besides its rule. */
export interface TriggerOptions {
  /** IANA name; default: the job's zone. */
  readonly timezone?: string | undefined;
  /** No fire time before it; inclusive. */
  readonly start?: InstantInput | undefined;
  /** No fire time after it; inclusive. */
  readonly end?: InstantInput | undefined;
  /** Upper bound of the start's delay; belongs to the plan, `next` ignores it. */
  readonly jitter?: DurationInput | undefined;
  /** How many runs the plan may make, 1 or more; `next` ignores it. */
  readonly limit?: number | undefined;
  /** One more run at each start. */
  readonly runOnStart?: boolean | undefined;
}

/** A start or end; its text is kept while no zone is known that could fix it. */
export interface Bound {
  readonly at: Instant;
  readonly open: WallTime | null;
}

/** Checked options: instants fixed as far as the zone is known. */
export class Settings {
  constructor(
    readonly timezone: string | undefined,
    readonly start: Bound | null,
    readonly end: Bound | null,
    readonly plan: PlanSettings,
  ) {}
}

/** What travels with a trigger and is the plan's. */
export interface PlanSettings {
  readonly jitter: Millis;
  readonly limit: number | null;
  readonly runOnStart: boolean;
}

const NO_PLAN: PlanSettings = Object.freeze({ jitter: 0, limit: null, runOnStart: false });

/** Shared by all triggers without options, which are most. */
export const NO_SETTINGS = new Settings(undefined, null, null, NO_PLAN);

/** Nothing but a zone, or not even that. */
export function saysZoneAlone({ start, end, plan }: Settings): boolean {
  return start === null && end === null && plan === NO_PLAN;
}

const KNOWN = ['timezone', 'start', 'end', 'jitter', 'limit', 'runOnStart'] as const;
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['tz', 'timezone'],
  ['startdate', 'start'],
  ['startat', 'start'],
  ['enddate', 'end'],
  ['endat', 'end'],
  ['until', 'end'],
  ['runoninit', 'runOnStart'],
  ['maxruns', 'limit'],
]);

/**
 * Checks a trigger's options.
 *
 * @param place what they belong to: `every()`
 * @throws {InvalidTriggerError} for an unknown option, with the nearest known one, or a wrong value
 */
export function settingsOf(
  options: TriggerOptions | Settings | undefined,
  place: string,
  more: readonly string[] = [],
): Settings {
  if (options === undefined) return NO_SETTINGS;
  if (options instanceof Settings) return options;
  if (typeof options !== 'object' || options === null) {
    throw new InvalidTriggerError(`The options of ${place}`, options, 'Give an object: { timezone: "Europe/Berlin" }.');
  }
  refuseUnknown(options, [...KNOWN, ...more], place);
  const settings = readSettings(options, place);
  refuseEmptyWindow(settings, place);
  return settings;
}

/** Settings of options whose names are known; a stored trigger's start may come after its end, then it never fires. */
export function readSettings(options: TriggerOptions, place: string): Settings {
  const { timezone, jitter, limit, runOnStart } = options;
  if (timezone !== undefined) zoneNamed(timezone);
  if (timezone !== undefined && saysNoMore(options)) return zoneAlone(timezone);
  const plan: PlanSettings = {
    jitter: jitter === undefined || jitter === null ? 0 : toMillis(jitter, `jitter of ${place}`),
    limit: limit === undefined || limit === null ? null : checkedLimit(limit, place),
    runOnStart: checkedBoolean(runOnStart, `runOnStart of ${place}`),
  };
  return new Settings(
    timezone,
    boundOf(options.start, `start of ${place}`, timezone),
    boundOf(options.end, `end of ${place}`, timezone),
    plan.jitter === 0 && plan.limit === null && !plan.runOnStart ? NO_PLAN : plan,
  );
}

function saysNoMore({ start, end, jitter, limit, runOnStart }: TriggerOptions): boolean {
  const isOpen = start === undefined && end === undefined;
  return isOpen && jitter === undefined && limit === undefined && runOnStart === undefined;
}

/** @throws {InvalidTriggerError} names the nearest known option */
export function refuseUnknown(options: object, known: readonly string[], place: string): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (known.includes(name) || value === undefined) continue;
    const plain = name.toLowerCase().replace(/[_-]/g, '');
    const near = SPELLINGS.get(plain) ?? nearest(name, known);
    const meant = near !== null && known.includes(near) ? ` Did you mean '${near}'?` : '';
    throw new InvalidTriggerError(
      `Option '${name}' of ${place}`,
      value,
      `It is not known.${meant} Known: ${known.join(', ')}.`,
    );
  }
}

export function checkedBoolean(value: unknown, place: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new InvalidTriggerError(place, value, 'It is true or false.');
}

function checkedLimit(limit: unknown, place: string): number {
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new InvalidTriggerError(`limit of ${place}`, limit, 'It is a whole number of runs, 1 or more.');
}

/** A start, end or date as given; null when none was. */
export function boundOf(
  input: InstantInput | null | undefined,
  place: string,
  timezone: string | undefined,
): Bound | null {
  if (input === undefined || input === null) return null;
  const parsed = parseInstant(input, place);
  if (typeof parsed === 'number') return { at: parsed, open: null };
  return { at: instantOfWall(parsed, timezone ?? 'UTC'), open: timezone === undefined ? parsed : null };
}

function refuseEmptyWindow({ start, end }: Settings, place: string): void {
  const isOpen = start?.open !== end?.open && (start?.open === null) !== (end?.open === null);
  if (start === null || end === null || isOpen || start.at <= end.at) return;
  throw new InvalidTriggerError(
    `end of ${place}`,
    new Date(end.at),
    `It lies before the start, ${new Date(start.at).toISOString()}. Exchange them or correct one.`,
  );
}

/** The same settings with the zone filled in and open instants fixed in it; the very same when nothing was open. */
export function anchoredSettings(settings: Settings, timezone: string): Settings {
  if (settings.timezone !== undefined && isFixed(settings.start) && isFixed(settings.end)) return settings;
  const zone = settings.timezone ?? timezone;
  zoneNamed(zone);
  if (settings === NO_SETTINGS) return zoneAlone(zone);
  return new Settings(zone, orFixed(settings.start, zone), orFixed(settings.end, zone), settings.plan);
}

const MOST_ZONES = 1_000;
const zonesAlone = new Map<string, Settings>();

/** Settings of nothing but a zone, shared: most triggers have these. The zone is known to exist. */
function zoneAlone(zone: string): Settings {
  let settings = zonesAlone.get(zone);
  if (settings === undefined) {
    settings = new Settings(zone, null, null, NO_PLAN);
    if (zonesAlone.size >= MOST_ZONES) zonesAlone.clear();
    zonesAlone.set(zone, settings);
  }
  return settings;
}

const isFixed = (bound: Bound | null): boolean => bound === null || bound.open === null;

const orFixed = (bound: Bound | null, zone: string): Bound | null => (bound === null ? null : fixedBound(bound, zone));

/** The same bound with its text read in a zone; the very same when it was fixed. */
export function fixedBound(bound: Bound, zone: string): Bound {
  return bound.open === null ? bound : { at: instantOfWall(bound.open, zone), open: null };
}

/** Options as JSON. */
export interface SettingsJson {
  readonly [name: string]: JsonValue;
}

/** The options as JSON, with only what was given. */
export function settingsJson(settings: Settings): SettingsJson {
  const { timezone, start, end } = settings;
  const { jitter, limit, runOnStart } = settings.plan;
  if (start === null && end === null && settings.plan === NO_PLAN) return timezone === undefined ? {} : { timezone };
  return {
    ...(timezone === undefined ? {} : { timezone }),
    ...(start === null ? {} : { start: boundText(start) }),
    ...(end === null ? {} : { end: boundText(end) }),
    ...(jitter === 0 ? {} : { jitter }),
    ...(limit === null ? {} : { limit }),
    ...(runOnStart ? { runOnStart } : {}),
  };
}

/** The options as they would be given again. */
export function optionsOf({ timezone, start, end, plan }: Settings): TriggerOptions {
  return {
    timezone,
    start: start === null ? undefined : boundText(start),
    end: end === null ? undefined : boundText(end),
    jitter: plan.jitter,
    limit: plan.limit ?? undefined,
    runOnStart: plan.runOnStart,
  };
}

/** ISO text: with `Z` when the instant is fixed, without offset while its zone is open. */
export function boundText(bound: Bound): string {
  return bound.open === null
    ? new Date(bound.at).toISOString()
    : new Date(bound.open.wallMs).toISOString().slice(0, -1);
}

/** ` (Europe/Berlin)`, or nothing while the zone is open. */
export const zoneSuffix = (timezone: string | undefined): string => (timezone === undefined ? '' : ` (${timezone})`);
