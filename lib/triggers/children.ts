import type { AnchorContext, Trigger } from '../core/index.js';
import { InvalidTriggerError } from './errors.js';
import type { FilterableTrigger } from './filterable-trigger.js';

const MOST_CHILDREN = 100;

/**
 * The children of a combination.
 *
 * @throws {InvalidTriggerError} when there are none, or one has what belongs to the plan of the whole
 */
export function checkedChildren(triggers: readonly Trigger[], place: string): readonly FilterableTrigger[] {
  if (!Array.isArray(triggers) || triggers.length === 0 || triggers.length > MOST_CHILDREN) {
    throw new InvalidTriggerError(place, triggers, `Give it 1 to ${MOST_CHILDREN} triggers.`);
  }
  return triggers.map((trigger, index) => checkedChild(trigger, `${place}, trigger ${index + 1}`));
}

function checkedChild(trigger: unknown, place: string): FilterableTrigger {
  const child = trigger as FilterableTrigger | null | undefined;
  if (typeof child?.next !== 'function' || typeof child.withCalendars !== 'function') {
    throw new InvalidTriggerError(place, trigger, "It is a trigger, such as cron('0 9 * * *') or every('5m').");
  }
  const refused = [
    child.jitter > 0 ? 'jitter' : null,
    child.limit === null ? null : 'limit',
    child.fixedDelay === null ? null : 'fixedDelay',
  ].filter((name) => name !== null);
  if (refused.length === 0) return child;
  throw new InvalidTriggerError(
    place,
    child.toString(),
    `It has ${refused.join(' and ')}, which belongs to the whole combination: give it there.`,
  );
}

/** The context in which the children of a combination with a zone of its own are anchored. */
export function withZoneOf(timezone: string | undefined, context: AnchorContext): AnchorContext {
  return timezone === undefined ? context : { ...context, timezone };
}
