import { EVENT_TYPES, SchedulerError } from '../core/index.js';
import type { EventSink, EventType, SchedulerFact } from '../core/index.js';

/** Reads facts. What it answers is ignored, but a promise that rejects is reported. */
export type EventListener = (fact: SchedulerFact) => unknown;

/** Told of a listener that threw or rejected. */
export type ListenerReporter = (error: unknown, fact: SchedulerFact) => void;

/** Somebody listens to an event that there is not. */
export class UnknownEventError extends SchedulerError {
  readonly code = 'UNKNOWN_EVENT';

  constructor(readonly event: unknown) {
    super(
      `There is no event ${JSON.stringify(event)}. Listen to one of ${EVENT_TYPES.join(', ')}; or to '*', all of them.`,
    );
  }
}

/**
 * Hands facts to listeners, in the order they came, within `emit`. A listener that throws or rejects is reported and
 * harms nobody: neither the run, nor the listeners after it.
 *
 * @example const stop = bus.on('run.failed', (fact) => alert(fact.job?.id));
 */
export class EventBus implements EventSink {
  /** An entry only for types that somebody listens to; replaced, never changed, so that `emit` may walk it. */
  private readonly listeners = new Map<EventType, readonly EventListener[]>();

  constructor(private readonly report: ListenerReporter) {}

  wants(type: EventType): boolean {
    return this.listeners.has(type);
  }

  emit(fact: SchedulerFact): void {
    const listeners = this.listeners.get(fact.type);
    if (listeners === undefined) return;
    for (const listener of listeners) this.call(listener, fact);
  }

  /**
   * @returns what ends the listening; calling it twice does nothing
   * @throws {UnknownEventError}
   */
  on(type: EventType | '*', listener: EventListener): () => void {
    const types = type === '*' ? EVENT_TYPES : [type];
    if (type !== '*' && !EVENT_TYPES.includes(type)) throw new UnknownEventError(type);
    // Its own function, so that the same listener may listen twice.
    const entry: EventListener = (fact) => listener(fact);
    for (const it of types) this.listeners.set(it, [...(this.listeners.get(it) ?? []), entry]);
    return () => {
      for (const it of types) this.remove(it, entry);
    };
  }

  private remove(type: EventType, entry: EventListener): void {
    const left = (this.listeners.get(type) ?? []).filter((it) => it !== entry);
    if (left.length > 0) this.listeners.set(type, left);
    else this.listeners.delete(type);
  }

  private call(listener: EventListener, fact: SchedulerFact): void {
    try {
      const answer = listener(fact);
      if (isThenable(answer)) answer.then(undefined, (error: unknown) => this.tell(error, fact));
    } catch (error) {
      this.tell(error, fact);
    }
  }

  private tell(error: unknown, fact: SchedulerFact): void {
    try {
      this.report(error, fact);
    } catch {
      // There is nobody left to tell; the run goes on.
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
