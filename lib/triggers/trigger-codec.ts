import type { Trigger, TriggerCodec, TriggerJson } from '../core/index.js';
import { CalendarRegistry } from './calendar-registry.js';
import type { CalendarDefinition } from './calendars/calendar-of.js';
import { CronTrigger } from './cron-trigger.js';
import { DateTrigger } from './date-trigger.js';
import { InvalidTriggerError } from './errors.js';
import type { FilterableTrigger } from './filterable-trigger.js';
import { instantIn, isZoneIn, looksPlain, zoneIn } from './plain-date.js';
import { readSettings } from './settings.js';
import type { Settings } from './settings.js';
import { triggerFromJSON } from './trigger-json.js';

export interface TriggerCodecOptions {
  /** Named calendars, as definitions or as a registry that others share. */
  readonly calendars?: CalendarRegistry | Readonly<Record<string, CalendarDefinition>>;
  /**
   * Writes a bare function of `excluding()` as a name that only this process can read: for memory jobs. Without it such
   * a trigger is refused.
   */
  readonly keepsFunctions?: boolean;
  /** How many texts are kept decoded, about; default 20,000. */
  readonly cacheSize?: number;
}

const CACHE_SIZE = 20_000;

/**
 * Turns triggers into text and back. Equal texts give one trigger, so equal rules share one compiled object.
 *
 * @throws {InvalidTriggerError} from `decode` for text that is no trigger, from `encode` for a bare function
 * @throws {UnknownCalendarError} from `decode` for the name of a calendar that is not registered
 * @example createTriggerCodec({ calendars: { holidays: ['2026-12-25'] } }).decode(text).next(after)
 */
export function createTriggerCodec(options: TriggerCodecOptions = {}): TriggerCodec {
  const { calendars = {}, keepsFunctions = false, cacheSize = CACHE_SIZE } = options;
  const registry = calendars instanceof CalendarRegistry ? calendars : new CalendarRegistry(calendars);
  return new CachedTriggerCodec(registry, keepsFunctions, Math.max(2, cacheSize) / 2);
}

class CachedTriggerCodec implements TriggerCodec {
  /** Two generations: what was not asked for while the young one filled up is forgotten. */
  private young = new Map<string, Trigger>();
  private old = new Map<string, Trigger>();
  /** What was read last: of jobs that are due together many have one rule. */
  private latestText: string | null = null;
  private latest: Trigger | null = null;
  /** Of the plain date that was read last: most have one zone. */
  private zone: { readonly name: string; readonly settings: Settings } | null = null;

  constructor(
    private readonly calendars: CalendarRegistry,
    private readonly keepsFunctions: boolean,
    private readonly generationSize: number,
  ) {}

  decode(text: string): Trigger {
    if (this.latestText !== text) {
      this.latest = this.read(text);
      this.latestText = text;
    }
    return this.latest!;
  }

  encode(trigger: Trigger): string {
    const named = this.keepsFunctions
      ? (trigger as Partial<FilterableTrigger>).withNamedFunctions?.(this.calendars)
      : undefined;
    const written = named ?? trigger;
    const text = written.jsonText?.() ?? JSON.stringify(written.toJSON());
    // It is asked for its next fire time soon, and a cron takes long to read.
    if (trigger.constructor === CronTrigger && !this.young.has(text)) this.keep(text, trigger);
    return text;
  }

  private read(text: string): Trigger {
    const known = this.plainDate(text) ?? this.young.get(text);
    if (known !== undefined) return known;
    const trigger = this.old.get(text) ?? triggerFromJSON(parsed(text), this.calendars);
    this.keep(text, trigger);
    return trigger;
  }

  /** Not kept: it is asked for twice in its life, and would drive the rules of recurring jobs out. */
  private plainDate(text: string): Trigger | null {
    if (!looksPlain(text)) return null;
    const at = instantIn(text);
    if (Number.isNaN(at)) return null;
    if (this.zone === null || !isZoneIn(text, this.zone.name)) {
      const name = zoneIn(text);
      if (name === null) return null;
      this.zone = { name, settings: readSettings({ timezone: name }, 'date trigger') };
    }
    return new DateTrigger(at, this.zone.settings);
  }

  private keep(text: string, trigger: Trigger): void {
    if (this.young.has(text)) return;
    if (this.young.size >= this.generationSize) [this.old, this.young] = [this.young, new Map<string, Trigger>()];
    this.young.set(text, trigger);
  }
}

function parsed(text: string): TriggerJson {
  try {
    return JSON.parse(text) as TriggerJson;
  } catch (cause) {
    throw new InvalidTriggerError('A stored trigger', text, 'It is JSON as toJSON() writes it.', { cause });
  }
}
