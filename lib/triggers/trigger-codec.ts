import type { Trigger, TriggerCodec, TriggerJson } from '../core/index.js';
import { CalendarRegistry } from './calendar-registry.js';
import type { CalendarDefinition } from './calendars/calendar-of.js';
import { CronTrigger } from './cron-trigger.js';
import { DateTrigger } from './date-trigger.js';
import { InvalidTriggerError } from './errors.js';
import type { FilterableTrigger } from './filterable-trigger.js';
import { readSettings } from './settings.js';
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

/** What `encode` writes for a date without further options: one-off jobs, of which there may be a million. */
const PLAIN_DATE = /^\{"type":"date","at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","timezone":"([^"\\]+)"\}$/;

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

  constructor(
    private readonly calendars: CalendarRegistry,
    private readonly keepsFunctions: boolean,
    private readonly generationSize: number,
  ) {}

  decode(text: string): Trigger {
    const known = this.young.get(text) ?? this.plainDate(text);
    if (known !== null) return known;
    const trigger = this.old.get(text) ?? triggerFromJSON(parsed(text), this.calendars);
    this.keep(text, trigger);
    return trigger;
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

  /** Not kept: it is asked for twice in its life, and would drive the rules of recurring jobs out. */
  private plainDate(text: string): Trigger | null {
    const [, date, timezone] = PLAIN_DATE.exec(text) ?? [];
    const at = date === undefined ? NaN : Date.parse(date);
    if (Number.isNaN(at)) return null;
    return new DateTrigger(at, readSettings({ timezone }, 'date trigger'));
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
