import type { AnchorContext, Instant, JsonValue, Trigger } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import type { CalendarRegistry } from './calendar-registry.js';
import { checkedChildren, withZoneOf } from './children.js';
import type { FilterableTrigger } from './filterable-trigger.js';
import type { TriggerOptions, Settings } from './settings.js';
import { anchoredSettings, optionsOf, settingsOf, zoneSuffix } from './settings.js';

/**
 * Fires whenever one of its children does: their fire times in order, without duplicates. Each child keeps its own grid;
 * the trigger ends when all of them have ended.
 *
 * @throws {InvalidTriggerError} without children, or when a child has jitter, a limit or a fixed delay
 * @example new OrTrigger([cron({ hour: 9 }), every({ hours: 3 })])
 */
export class OrTrigger extends BaseTrigger {
  readonly triggers: readonly FilterableTrigger[];

  constructor(triggers: readonly Trigger[], options?: TriggerOptions | Settings) {
    super(settingsOf(options, 'anyOf()'));
    this.triggers = checkedChildren(triggers, 'anyOf()');
  }

  get kind(): 'or' {
    return 'or';
  }
  override get runOnStart(): boolean {
    return this.settings.plan.runOnStart || this.triggers.some((trigger) => trigger.runOnStart);
  }
  override get isSerializable(): boolean {
    return this.triggers.every((trigger) => trigger.isSerializable);
  }

  /** A child that fires at once, such as `at()`, counts; a date that lies in the past does not. */
  override first(now: Instant): Instant | null {
    const isAtOnce = this.triggers.some((trigger) => trigger.first(now) === now) && this.next(now - 1) === now;
    return isAtOnce ? now : this.next(now);
  }

  protected nextOfRule(after: Instant): Instant | null {
    let earliest: Instant | null = null;
    for (const trigger of this.triggers) {
      const next = trigger.next(after);
      if (next !== null && (earliest === null || next < earliest)) earliest = next;
    }
    return earliest;
  }

  anchor(context: AnchorContext): OrTrigger {
    const settings = anchoredSettings(this.settings, context.timezone);
    const triggers = this.triggers.map((trigger) => trigger.anchor(withZoneOf(this.timezone, context)));
    const isSame = settings === this.settings && triggers.every((trigger, index) => trigger === this.triggers[index]);
    return isSame ? this : new OrTrigger(triggers, settings);
  }

  withOptions(options: TriggerOptions): OrTrigger {
    return new OrTrigger(this.triggers, { ...optionsOf(this.settings), ...options });
  }

  override withCalendars(calendars: CalendarRegistry): OrTrigger {
    return new OrTrigger(
      this.triggers.map((trigger) => trigger.withCalendars(calendars)),
      this.settings,
    );
  }

  override withNamedFunctions(calendars: CalendarRegistry): OrTrigger {
    return new OrTrigger(
      this.triggers.map((trigger) => trigger.withNamedFunctions(calendars)),
      this.settings,
    );
  }

  toString(): string {
    return `anyOf(${this.triggers.join(', ')})${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    return this.triggers.map((trigger) => trigger.describe()).join('; or: ');
  }

  protected ruleJson(): Record<string, JsonValue> {
    return { triggers: this.triggers.map((trigger) => trigger.toJSON()) };
  }
}
