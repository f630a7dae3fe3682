import type { Clock, EventSink, EventType, Instant, JobRecord, RunRecord, SchedulerFact } from '../core/index.js';

/** What a fact is about; fields left out are null. */
export interface FactFields {
  /** When it was, where that is known: reading a clock costs as much as a short task. Default: now. */
  readonly at?: Instant;
  readonly store?: string | null;
  readonly job?: JobRecord | null;
  readonly run?: RunRecord | null;
  readonly detail?: string | null;
  readonly error?: unknown;
  readonly data?: SchedulerFact['data'];
}

/** Tells the event sink what happened on this node; a fact that nobody wants is not made. */
export class Facts {
  constructor(
    private readonly sink: EventSink,
    private readonly clock: Clock,
    private readonly node: string,
  ) {}

  wants(type: EventType): boolean {
    return this.sink.wants(type);
  }

  tell(type: EventType, fields: FactFields): void {
    if (!this.sink.wants(type)) return;
    this.sink.emit({
      type,
      at: fields.at ?? this.clock.now(),
      node: this.node,
      store: fields.store ?? null,
      job: fields.job ?? null,
      run: fields.run ?? null,
      detail: fields.detail ?? null,
      error: fields.error ?? null,
      data: fields.data ?? null,
    });
  }
}
