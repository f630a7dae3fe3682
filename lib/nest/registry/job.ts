import type {
  HistoryPolicy,
  HookKind,
  JobDefinition,
  JobOrigin,
  JobRecord,
  JobStatus,
  JsonValue,
  Overlap,
  Recovery,
  RetryPolicy,
  TriggerCodec,
} from '../../core/index.js';
import type { JobPolicy } from '../../core/index.js';
import { dateOrNull } from './run.js';
import { storedTriggerView, triggerView } from './trigger-view.js';
import type { JobTrigger, LateTriggerViews } from './trigger-view.js';

/** Since when, by whom, why and until when a job is paused. */
export interface JobPauseView {
  readonly at: Date;
  readonly by: string | null;
  readonly reason: string | null;
  /** Resumes by itself then; null: only when asked to. */
  readonly until: Date | null;
}

/**
 * A job as it was when it was read: plain values that turn into JSON, so a controller may return it. Instants are
 * `Date`, lengths of time milliseconds.
 *
 * @example (await scheduler.get('report'))?.nextFireTime
 */
export class Job {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  /** `code`: decorators, configuration, fluent schedule. `runtime`: added through the registry. */
  readonly origin: JobOrigin;
  readonly task: string;
  readonly args: readonly JsonValue[];
  /** What makes its fire times; a union by `kind`. */
  readonly trigger: JobTrigger;
  readonly timezone: string;
  /** Alias of its store. */
  readonly store: string;
  /** false: switched off by `enabled` or `environments`, its own or the module's. */
  readonly enabled: boolean;
  /** What becomes of its schedule. A paused job keeps it: see `pause`. */
  readonly status: JobStatus;
  readonly statusReason: string | null;
  readonly statusAt: Date | null;
  /** null: not paused. */
  readonly pause: JobPauseView | null;
  /** null: none to come, or none known while a `fixedDelay` run is open. */
  readonly nextFireTime: Date | null;
  /** Next fire time plus jitter: when it will start. */
  readonly nextDueAt: Date | null;
  /** Scheduled runs made so far, which `limit` counts. */
  readonly runCount: number;
  /** Lost leases in a row. */
  readonly losses: number;
  readonly misfireGraceTime: number | null;
  readonly coalesce: boolean;
  readonly catchUpLimit: number;
  readonly maxInstances: number;
  readonly overlap: Overlap;
  readonly retry: RetryPolicy;
  readonly timeout: number | null;
  readonly abortGrace: number;
  readonly recovery: Recovery;
  readonly overlapExpiry: number | null;
  readonly evenInMaintenanceMode: boolean;
  readonly executor: string;
  readonly keepHistory: boolean;
  readonly history: HistoryPolicy | null;
  /** Conditions and hooks by name. */
  readonly hooks: Partial<Record<HookKind, readonly string[]>>;
  /** Application version that last wrote the definition; null: not in a store. */
  readonly appVersion: string | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;

  private constructor(shared: SharedFacts, row: RowFacts) {
    this.id = shared.id;
    this.name = shared.name;
    this.description = shared.description;
    this.tags = shared.tags;
    this.origin = shared.origin;
    this.task = shared.task;
    this.args = shared.args;
    this.trigger = row.trigger;
    this.timezone = shared.timezone;
    this.store = row.store;
    this.enabled = row.enabled;
    this.status = row.record?.status ?? 'active';
    this.statusReason = row.record?.statusReason ?? null;
    this.statusAt = dateOrNull(row.record?.statusAt ?? null);
    this.pause = pauseView(row.record?.pause ?? null);
    this.nextFireTime = dateOrNull(row.record?.fireTime ?? null);
    this.nextDueAt = dateOrNull(row.record?.dueAt ?? null);
    this.runCount = row.record?.runCount ?? 0;
    this.losses = row.record?.losses ?? 0;
    const { policy } = shared;
    this.misfireGraceTime = policy.misfireGraceTime;
    this.coalesce = policy.coalesce;
    this.catchUpLimit = policy.catchUpLimit;
    this.maxInstances = policy.maxInstances;
    this.overlap = policy.overlap;
    this.retry = policy.retry;
    this.timeout = policy.timeout;
    this.abortGrace = policy.abortGrace;
    this.recovery = policy.recovery;
    this.overlapExpiry = policy.overlapExpiry;
    this.evenInMaintenanceMode = policy.evenInMaintenanceMode;
    this.executor = policy.executor;
    this.keepHistory = policy.keepHistory;
    this.history = policy.history;
    this.hooks = row.hooks;
    this.appVersion = row.record?.appVersion ?? null;
    this.createdAt = dateOrNull(row.record?.createdAt ?? null);
    this.updatedAt = dateOrNull(row.record?.updatedAt ?? null);
  }

  /** A job of a store. */
  static ofRecord(record: JobRecord, { store, parts }: JobPlace): Job {
    return Job.shown(record, { store, parts, trigger: storedTriggerView(record.trigger, parts.triggers) });
  }

  /** One of many jobs that were added just now. */
  static ofNewRecord(record: JobRecord, { store, parts }: JobPlace, views: LateTriggerViews): Job {
    return Job.shown(record, { store, parts, trigger: views.of(parts.triggers.decode(record.trigger)) });
  }

  private static shown(record: JobRecord, { store, parts, trigger }: Showing): Job {
    const { enabled } = parts.options;
    return new Job(record, { record, store, trigger, enabled, hooks: record.hooks ?? {} });
  }

  /** A job that is switched off, and so in no store. */
  static ofDefinition(definition: JobDefinition): Job {
    const trigger = triggerView(definition.trigger);
    const { store, hookNames } = definition;
    return new Job(definition, { record: null, store, trigger, enabled: false, hooks: hookNames ?? {} });
  }
}

/** What reading a row takes. */
export interface JobReading {
  readonly triggers: TriggerCodec;
  readonly options: { readonly enabled: boolean };
}

interface JobPlace {
  readonly store: string;
  readonly parts: JobReading;
}

interface Showing extends JobPlace {
  readonly trigger: JobTrigger;
}

type SharedFacts = Pick<JobRecord, 'id' | 'name' | 'description' | 'tags' | 'origin' | 'task' | 'args' | 'timezone'> & {
  readonly policy: JobPolicy;
};

interface RowFacts {
  readonly record: JobRecord | null;
  readonly store: string;
  readonly trigger: JobTrigger;
  readonly enabled: boolean;
  readonly hooks: Partial<Record<HookKind, readonly string[]>>;
}

export function pauseView(pause: JobRecord['pause']): JobPauseView | null {
  if (pause === null) return null;
  return { at: new Date(pause.at), by: pause.by, reason: pause.reason, until: dateOrNull(pause.until) };
}
