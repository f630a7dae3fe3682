import type { AnchorContext, Instant, JsonValue, Trigger } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import type { CalendarRegistry } from './calendar-registry.js';
import { checkedChildren, withZoneOf } from './children.js';
import type { Agreement, Condition } from './agreement.js';
import { agreementOfConditions, agreementOfOthers } from './agreement.js';
import { CronTrigger } from './cron-trigger.js';
import { describeFields, fieldsText } from './cron/described-cron.js';
import type { GivenFields } from './cron/parsed-fields.js';
import { InvalidTriggerError, NeverFiresError } from './errors.js';
import type { FilterableTrigger } from './filterable-trigger.js';
import type { OnGrid } from './search.js';
import type { TriggerOptions } from './settings.js';
import { Settings, anchoredSettings, optionsOf, settingsOf, zoneSuffix } from './settings.js';
import { zoneNamed } from './zone.js';

/** Whether two triggers agree at some time is asked from here on when they are defined: no clock is read. */
const REFERENCE: Instant = Date.UTC(2024, 0, 1);
const EXAMPLES = 3;

/**
 * Fires where all of its children agree (SEMANTICS 1.6).
 *
 * Cron children in the field form are conditions: a field that one leaves out does not constrain. Only conditions: their
 * given fields are intersected, then the defaults filled in. With other children: the instants at which all of those
 * fire, equal to the second, and whose local time meets the given fields of each condition.
 *
 * @throws {InvalidTriggerError} without children, or when conditions name different zones
 * @throws {NeverFiresError} when they agree at no time within ten years, with each child's next fire times
 * @example new AndTrigger([cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' })]) // 9:00, 10:00 … 17:00
 */
export class AndTrigger extends BaseTrigger implements OnGrid<AndTrigger> {
  readonly triggers: readonly FilterableTrigger[];
  private readonly agreement: Agreement;

  constructor(triggers: readonly Trigger[], options?: TriggerOptions | Settings) {
    super(settingsOf(options, 'allOf()'));
    this.triggers = checkedChildren(triggers, 'allOf()');
    refuseRunOnStart(this.triggers);
    this.agreement = agreementOf(this.triggers, this.timezone);
    if (!this.agreement.isPossible) throw neverAgrees(this.triggers, REFERENCE);
    if (!(options instanceof Settings)) this.refuseDisagreement(REFERENCE);
  }

  get kind(): 'and' {
    return 'and';
  }
  override get isSerializable(): boolean {
    return this.triggers.every((trigger) => trigger.isSerializable);
  }
  get countsFromAsking(): boolean {
    return this.triggers.some((trigger) => (trigger as Partial<OnGrid<Trigger>>).countsFromAsking === true);
  }

  protected nextOfRule(after: Instant): Instant | null {
    return this.agreement.next(after);
  }

  fixedAt(now: Instant): AndTrigger {
    return this.anchor({ now, jobId: '', timezone: this.timezone ?? 'UTC' });
  }

  anchor(context: AnchorContext): AndTrigger {
    const zone = this.timezone ?? sharedZone(this.triggers);
    const settings = anchoredSettings(this.settings, zone ?? context.timezone);
    const triggers = this.triggers.map((trigger) => trigger.anchor(withZoneOf(zone, context)));
    const isSame = settings === this.settings && triggers.every((trigger, index) => trigger === this.triggers[index]);
    if (isSame) return this;
    const anchored = new AndTrigger(triggers, settings);
    if (anchored.next(context.now) === null) anchored.refuseDisagreement(context.now);
    return anchored;
  }

  withOptions(options: TriggerOptions): AndTrigger {
    return new AndTrigger(this.triggers, { ...optionsOf(this.settings), ...options });
  }

  override withCalendars(calendars: CalendarRegistry): AndTrigger {
    return new AndTrigger(
      this.triggers.map((trigger) => trigger.withCalendars(calendars)),
      this.settings,
    );
  }

  override withNamedFunctions(calendars: CalendarRegistry): AndTrigger {
    return new AndTrigger(
      this.triggers.map((trigger) => trigger.withNamedFunctions(calendars)),
      this.settings,
    );
  }

  toString(): string {
    return `allOf(${this.triggers.join(', ')})${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    const conditions = this.triggers.filter(isCondition).map((trigger) => trigger.fields);
    const others = this.triggers.filter((trigger) => !isCondition(trigger)).map((trigger) => trigger.describe());
    const names = conditions.flatMap((fields) => Object.keys(fields));
    if (others.length === 0 && new Set(names).size === names.length)
      return describeFields(Object.assign({}, ...conditions) as GivenFields);
    return [...others, ...conditions.map((fields) => `when ${fieldsText(fields)}`)].join('; and: ');
  }

  protected ruleJson(): Record<string, JsonValue> {
    return { triggers: this.triggers.map((trigger) => trigger.toJSON()) };
  }

  /**
   * Refuses children that never agree. One that has no fire time after `from` is over, not wrong; one that cannot be
   * asked yet (an interval without start, an `H`, a calendar that is not known) is judged when it is put.
   */
  private refuseDisagreement(from: Instant): void {
    const others = this.triggers.filter((trigger) => !isCondition(trigger));
    if (others.length === 0 || this.countsFromAsking) return;
    let first = from;
    try {
      for (const other of others) {
        const next = other.next(from);
        if (next === null) return;
        first = Math.max(first, next - 1);
      }
      if (this.agreement.next(first) !== null) return;
    } catch {
      return;
    }
    throw neverAgrees(this.triggers, first);
  }
}

const isCondition = (trigger: FilterableTrigger): trigger is CronTrigger =>
  trigger instanceof CronTrigger && trigger.expression === null;

function agreementOf(triggers: readonly FilterableTrigger[], own: string | undefined): Agreement {
  const children = triggers.filter(isCondition);
  const others = triggers.filter((trigger) => !isCondition(trigger));
  const zone = zoneNamed(own ?? (others.length === 0 ? sharedZone(triggers) : undefined) ?? 'UTC');
  const conditions = children.map((child): Condition => child.conditionIn(zone));
  return others.length === 0 ? agreementOfConditions(conditions, zone) : agreementOfOthers(others, conditions);
}

/** The zone that conditions name, when there is nothing but conditions: they need one zone for all. */
function sharedZone(triggers: readonly FilterableTrigger[]): string | undefined {
  if (!triggers.every(isCondition)) return undefined;
  const zones = new Set(triggers.map((trigger) => trigger.timezone).filter((zone) => zone !== undefined));
  if (zones.size <= 1) return zones.values().next().value;
  throw new InvalidTriggerError(
    'allOf()',
    [...zones],
    'Conditions on one wall clock need one zone: name the same for all.',
  );
}

function refuseRunOnStart(triggers: readonly FilterableTrigger[]): void {
  const found = triggers.find((trigger) => trigger.runOnStart);
  if (found === undefined) return;
  throw new InvalidTriggerError(
    'allOf()',
    found.toString(),
    'runOnStart belongs to the whole combination: give it there.',
  );
}

function neverAgrees(triggers: readonly FilterableTrigger[], from: Instant): NeverFiresError {
  const lines = triggers.map((trigger) => {
    const times = trigger.fireTimes(from, EXAMPLES).map((at) => new Date(at).toISOString());
    return `${trigger.toString()}: ${times.join(', ') || 'no more'}`;
  });
  const advice = 'its children agree at no time within 10 years. Widen one of them, or use anyOf().';
  return new NeverFiresError('allOf()', `${advice} Next times of each: ${lines.join('; ')}`);
}
