import { DEFAULT_POLICY, JobContext } from '../core/index.js';
import type {
  Awaitable,
  EventType,
  Executor,
  JobDefinition,
  JobPolicy,
  JobRecord,
  RunPage,
  RunRecord,
  SchedulerFact,
  TaskHandler,
  Trigger,
} from '../core/index.js';
import { DEFAULT_SCHEDULER_OPTIONS, Scheduler } from '../engine/index.js';
import type { AddOptions, SchedulerOptions } from '../engine/index.js';
import { createMemoryStore } from '../stores/memory/index.js';
import { createTriggerCodec, toMillis } from '../triggers/index.js';
import type { DurationInput, InstantInput } from '../triggers/index.js';
import { ManualClock } from './manual-clock.js';

export interface TestSchedulerOptions {
  /** Where the clock begins; text without an offset is UTC. */
  readonly now: InstantInput;
  /** Handlers by task. Without them every task does nothing; with them an unknown task is unknown. */
  readonly tasks?: Readonly<Record<string, TaskHandler>>;
  /** Attempts at once; default: no limit. */
  readonly concurrency?: number;
  readonly options?: Partial<SchedulerOptions>;
}

/** A scheduler that runs, on a store in memory and a clock that stands still. */
export interface TestScheduler {
  readonly clock: ManualClock;
  readonly scheduler: AddingScheduler;
  /** Everything that happened, in order. */
  readonly events: readonly SchedulerFact[];
  /** The job's runs, skipped ones included, oldest fire time first. */
  runsOf(jobId: string): RunRecord[];
  eventsOf(...types: EventType[]): SchedulerFact[];
}

/** A scheduler that also takes one definition by itself. */
export class AddingScheduler extends Scheduler {
  override add(
    definitions: JobDefinition | readonly JobDefinition[],
    options: AddOptions = { replaceExisting: false },
  ): Awaitable<JobRecord[]> {
    return super.add('id' in definitions ? [definitions] : definitions, options);
  }
}

/** Options of a job in tests: a policy in which lengths of time may have units, and fields of the definition. */
export interface TestJobOptions
  extends
    Partial<Omit<JobPolicy, 'misfireGraceTime' | 'timeout'>>,
    Partial<Pick<JobDefinition, 'args' | 'task' | 'tags'>> {
  readonly misfireGraceTime?: DurationInput | null;
  readonly timeout?: DurationInput | null;
}

/**
 * The definition of a job added at run time; its task is named like it.
 *
 * @example job('report', every({ minutes: 10 }), { coalesce: false, misfireGraceTime: '1h' })
 */
export function job(id: string, trigger: Trigger, options: TestJobOptions = {}): JobDefinition {
  const { args = [], task = id, tags = [], misfireGraceTime = null, timeout = null, ...policy } = options;
  return {
    id,
    aliases: [],
    name: null,
    description: null,
    tags,
    origin: 'runtime',
    task,
    args,
    trigger,
    timezone: 'UTC',
    store: 'default',
    policy: {
      ...DEFAULT_POLICY,
      ...policy,
      misfireGraceTime:
        misfireGraceTime === null ? null : toMillis(misfireGraceTime, `misfireGraceTime of job "${id}"`),
      timeout: timeout === null ? null : toMillis(timeout, `timeout of job "${id}"`),
    },
    hookNames: null,
    hooks: null,
    enabled: true,
    definedAt: `job('${id}')`,
  };
}

/**
 * Engine, memory store and manual clock, started: for tests of triggers, policies and handlers without an application.
 *
 * @example
 * const { clock, scheduler, runsOf } = await testScheduler({ now: '2026-03-01T00:00Z' });
 * await scheduler.add(job('report', every({ minutes: 10 })));
 * clock.jump({ minutes: 35 });
 * expect(runsOf('report')).toHaveLength(1);
 */
export async function testScheduler(given: TestSchedulerOptions): Promise<TestScheduler> {
  const clock = new ManualClock(given.now);
  const store = createMemoryStore({ alias: 'default' });
  const events: SchedulerFact[] = [];
  const scheduler = new AddingScheduler({
    node: { id: 'test', host: 'localhost', pid: 0 },
    appVersion: '0.0.0',
    clock,
    stores: new Map([['default', store]]),
    executors: new Map([['default', executor(given.concurrency ?? Infinity)]]),
    tasks: tasksOf(given.tasks),
    triggers: createTriggerCodec(),
    events: { wants: () => true, emit: (fact) => events.push(fact) },
    hooks: { of: () => null },
    logger: () => SILENT,
    options: { ...DEFAULT_SCHEDULER_OPTIONS, ...given.options },
  });
  await scheduler.open();
  await scheduler.putCode([]);
  await scheduler.start();
  return {
    clock,
    scheduler,
    events,
    // The memory store answers at once.
    runsOf: (jobId) => [...(store.history.page({ jobId, limit: 10_000 }) as RunPage).runs].reverse(),
    eventsOf: (...types) => events.filter((fact) => types.includes(fact.type)),
  };
}

const SILENT = { log: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

function executor(concurrency: number): Executor {
  return {
    concurrency,
    execute: ({ handler, args, context }) => JobContext.enter(context, () => handler(args, context)),
  };
}

function tasksOf(handlers: TestSchedulerOptions['tasks']): {
  resolve(task: string): TaskHandler | null;
  names(): readonly string[];
} {
  const known = new Map(Object.entries(handlers ?? {}));
  const nothing: TaskHandler | null = handlers === undefined ? () => undefined : null;
  return { resolve: (task) => known.get(task) ?? nothing, names: () => [...known.keys()].sort() };
}
