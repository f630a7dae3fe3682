import { MethodMetadata } from '../method-metadata.js';
import { methodNote } from './method-note.js';
import type { EventType } from '../../core/index.js';

/** Which events a method listens to: one type, some, or all of them. */
export type EventChoice = EventType | readonly EventType[] | '*';

export const listenerNotes = new MethodMetadata<EventChoice>('listeners');

/**
 * Calls the method with each event of these types: a `SchedulerEvent`. What it throws is reported and harms nothing, and
 * no run waits for it.
 *
 * @param types one event type, a list of them, or `'*'` for all
 * @example @OnSchedulerEvent('run.failed') alert(event: SchedulerEvent) {}
 */
export function OnSchedulerEvent(types: EventChoice): MethodDecorator {
  return methodNote('OnSchedulerEvent', listenerNotes, types);
}
