import type { AnchorContext, Instant, JsonValue } from '../core/index.js';
import type { Condition } from './agreement.js';
import { BaseTrigger } from './base-trigger.js';
import type { CompiledCron } from './cron/compiled-cron.js';
import { NEVER } from './cron/compiled-cron.js';
import type { CronFields } from './cron/cron-fields.js';
import { EARLIEST_SECOND, nextSecond } from './cron/cron-walk.js';
import { describeExpression, describeFields, fieldsText } from './cron/described-cron.js';
import { fieldsOfExpression } from './cron/fields-of-expression.js';
import type { CronText } from './cron/parsed-expression.js';
import { hasHash, readExpression, withoutHash } from './cron/parsed-expression.js';
import type { GivenFields } from './cron/parsed-fields.js';
import { givenFields } from './cron/parsed-fields.js';
import { compiledExpression, compiledFields } from './cron/shared-rules.js';
import { InvalidCronError, InvalidTriggerError } from './errors.js';
import type { TriggerOptions } from './settings.js';
import { Settings, anchoredSettings, optionsOf, saysZoneAlone, settingsOf, zoneSuffix } from './settings.js';
import type { Zone } from './zone.js';
import { UTC, zoneNamed } from './zone.js';

/**
 * Fires at the wall-clock times of a cron expression, or of fields by name, in one time zone.
 *
 * In an expression weekday 0 and 7 are Sunday, and a day that matches day of month or day of week fires when both are
 * restricted (source: crontab(5)). In fields weekday 0 is Monday and all fields must match (source: APScheduler).
 * Daylight saving: a time that a change leaves out is made up for once, one that comes twice fires once, unless the rule
 * is quicker than hourly or has all 24 hours (SEMANTICS 1.3).
 *
 * @throws {InvalidCronError} names the field, the value and what is allowed there
 * @throws {NeverFiresError} when no date can match
 * @example new CronTrigger('0 6 * * mon-fri', { timezone: 'Europe/Berlin' }).next(Date.parse('2026-03-02T00:00Z'))
 */
export class CronTrigger extends BaseTrigger {
  private readonly rule: string | GivenFields;
  /** Null while an `H` waits for the job's id. */
  private readonly compiled: CompiledCron | null;
  private readonly zone: Zone;

  /**
   * @param rule 5 fields, 6 with seconds first, 7 with the year last, an alias such as `@daily`; or fields by name
   * @param options.timezone IANA name; default: the job's zone, unanchored UTC
   */
  constructor(rule: string | CronFields, options?: TriggerOptions | Settings);
  constructor(rule: string | CronFields | ReadRule, options?: TriggerOptions | Settings) {
    if (rule instanceof ReadRule) {
      super(options as Settings);
      this.rule = rule.given;
      this.compiled = rule.compiled;
      this.zone = zoneNamed(this.settings.timezone ?? 'UTC');
      return;
    }
    const text = isFields(rule) ? null : readExpression(rule);
    super(settingsOf(withPrefixZone(options, text), 'cron()'));
    this.rule = text === null ? givenFields(rule as CronFields) : text.text;
    this.compiled = text === null ? compiledFields(this.rule as GivenFields) : compiledText(text);
    this.zone = this.settings.timezone === undefined ? UTC : zoneNamed(this.settings.timezone);
  }

  /**
   * Reads a crontab line of five fields as another scheduler does.
   *
   * @param options.dialect `apscheduler`: weekday 0 is Monday, and both day and weekday must match
   * @example CronTrigger.fromCrontab('0 9 * * 0', { dialect: 'apscheduler' }) // Mondays
   */
  static fromCrontab(
    expression: string,
    options: TriggerOptions & { readonly dialect?: 'apscheduler' | 'crontab' } = {},
  ): CronTrigger {
    const { dialect = 'crontab', ...rest } = options;
    if (dialect === 'crontab') return new CronTrigger(expression, rest);
    if (dialect !== 'apscheduler') {
      throw new InvalidTriggerError('dialect of fromCrontab()', dialect, "It is 'crontab' or 'apscheduler'.");
    }
    const { names, fields, text } = readExpression(expression);
    if (names.length !== 5 || text.startsWith('@')) {
      throw new InvalidCronError(expression, null, expression, 'write 5 fields: minute hour day month weekday');
    }
    const [minute, hour, day, month, dayOfWeek] = fields as [string, string, string, string, string];
    return new CronTrigger({ minute, hour, day, month, dayOfWeek }, rest);
  }

  private static ofRead(rule: ReadRule, settings: Settings): CronTrigger {
    return new CronTrigger(rule as unknown as string, settings);
  }

  get kind(): 'cron' {
    return 'cron';
  }

  /** The given fields: a single value is a number, else its text. Weekdays of an expression are names. */
  get fields(): GivenFields {
    return typeof this.rule === 'string' ? fieldsOfExpression(readExpression(this.rule)) : this.rule;
  }

  /** The expression as given, without its zone; null for the field form. */
  get expression(): string | null {
    return typeof this.rule === 'string' ? this.rule : null;
  }

  protected nextOfRule(after: Instant): Instant | null {
    if (this.compiled === null) throw openHash(this.rule);
    const from = Math.floor(after / 1000) + 1;
    const found = nextSecond(this.compiled, this.zone, from > EARLIEST_SECOND ? from : EARLIEST_SECOND);
    return found === NEVER ? null : found * 1000;
  }

  anchor(context: AnchorContext): CronTrigger {
    const settings = anchoredSettings(this.settings, context.timezone);
    if (settings === this.settings && this.compiled !== null) return this;
    if (this.compiled !== null) return CronTrigger.ofRead(new ReadRule(this.rule, this.compiled), settings);
    return new CronTrigger(withoutHash(readExpression(this.rule), context.jobId).text, settings);
  }

  withOptions(options: TriggerOptions): CronTrigger {
    return new CronTrigger(this.rule, { ...optionsOf(this.settings), ...options });
  }

  /** What the given fields ask of a wall clock, for a combination that this trigger is a condition of. */
  conditionIn(zone: Zone): Condition {
    return {
      fields: this.fields,
      zone: this.timezone === undefined ? zone : this.zone,
      from: this.settings.start?.at ?? -Infinity,
      until: this.settings.end?.at ?? Infinity,
    };
  }

  toString(): string {
    const rule = typeof this.rule === 'string' ? this.rule : fieldsText(this.rule);
    return `cron ${rule}${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    return typeof this.rule === 'string' ? describeExpression(this.rule) : describeFields(this.rule);
  }

  jsonText(): string {
    const { rule, settings } = this;
    const isPlain = typeof rule === 'string' && saysZoneAlone(settings) && this.constructor === CronTrigger;
    if (!isPlain) return JSON.stringify(this.toJSON());
    let known = textsOf.get(settings.timezone);
    if (known === undefined) textsOf.set(settings.timezone, (known = new Map<string, string>()));
    let text = known.get(rule);
    if (text === undefined) {
      if (known.size >= MOST_TEXTS) known.clear();
      known.set(rule, (text = JSON.stringify(this.toJSON())));
    }
    return text;
  }

  protected ruleJson(): Record<string, JsonValue> {
    return typeof this.rule === 'string' ? { expression: this.rule } : { fields: { ...this.rule } };
  }
}

/** Texts of expressions without options, by their zone. */
const textsOf = new Map<string | undefined, Map<string, string>>();
const MOST_TEXTS = 1_000;

/** The rule of another trigger, which need not be read again. */
class ReadRule {
  constructor(
    readonly given: string | GivenFields,
    readonly compiled: CompiledCron,
  ) {}
}

const isFields = (rule: unknown): rule is CronFields =>
  typeof rule === 'object' && rule !== null && !Array.isArray(rule);

function compiledText(text: CronText): CompiledCron | null {
  if (!hasHash(text)) return compiledExpression(text);
  compiledExpression(withoutHash(text, null)); // refuses what is wrong where it is written, not when it is put
  return null;
}

/** The options with the zone of a `CRON_TZ=` prefix. */
function withPrefixZone(
  options: TriggerOptions | Settings | undefined,
  text: CronText | null,
): TriggerOptions | Settings | undefined {
  const timezone = text?.timezone ?? null;
  if (timezone === null || options instanceof Settings) return options;
  if (options?.timezone !== undefined && options.timezone !== timezone) {
    throw new InvalidTriggerError(
      'timezone of cron()',
      options.timezone,
      `The expression names ${timezone}. Keep one of them.`,
    );
  }
  return { ...options, timezone };
}

function openHash(rule: string | GivenFields): InvalidCronError {
  const advice = 'H is derived from the job id, so it has no fire times before anchor({ jobId, now, timezone })';
  return new InvalidCronError(rule, null, rule, advice);
}
