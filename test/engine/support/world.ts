import {
  DEFAULT_POLICY,
  type EventType,
  type Executor,
  type Instant,
  JobContext,
  type JobDefinition,
  type JobHooks,
  type JobPolicy,
  type RunRecord,
  type SchedulerFact,
  type Store,
  type TaskHandler,
  type Trigger,
} from '../../../lib/core/index.js';
import { DEFAULT_SCHEDULER_OPTIONS, Scheduler, type SchedulerOptions } from '../../../lib/engine/index.js';
import { createMemoryStore } from '../../../lib/stores/memory/index.js';
import { ManualClock } from '../../../lib/testing/index.js';
import { createTriggerCodec } from '../../../lib/triggers/index.js';

export const START = Date.parse('2026-03-01T00:00:00Z');

/** Epoch ms of a UTC text such as `00:05` or `2026-03-01T00:05:10`. */
export function at(text: string): Instant {
  return Date.parse(text.includes('T') ? `${text}Z` : `2026-03-01T${text.length === 5 ? `${text}:00` : text}Z`);
}

export interface WorldOptions {
  readonly now?: Instant;
  readonly options?: Partial<SchedulerOptions>;
  readonly stores?: readonly Store[];
  readonly clock?: ManualClock;
  readonly concurrency?: number;
  readonly executors?: Readonly<Record<string, Executor>>;
  readonly appVersion?: string;
  readonly node?: string;
  readonly hooks?: Readonly<Record<string, JobHooks>>;
  /** Tasks that a node does not list although it can resolve them. */
  readonly unlisted?: ReadonlySet<string>;
  /** Events nobody listens to. */
  readonly deaf?: boolean;
}

/** A scheduler with everything around it, on a clock that stands still. */
export class World {
  readonly clock: ManualClock;
  readonly stores: readonly Store[];
  readonly facts: SchedulerFact[] = [];
  readonly handlers = new Map<string, TaskHandler>();
  readonly calls: { readonly task: string; readonly at: Instant; readonly context: JobContext }[] = [];
  readonly lines: string[] = [];
  readonly scheduler: Scheduler;
  readonly triggers = createTriggerCodec();
  private readonly resolved = new Set<string>();

  constructor(given: WorldOptions = {}) {
    this.clock = given.clock ?? new ManualClock(given.now ?? START);
    this.stores = given.stores ?? [createMemoryStore({ alias: 'default' })];
    this.scheduler = new Scheduler({
      node: { id: given.node ?? 'node-1', host: 'here', pid: 1 },
      appVersion: given.appVersion ?? '1.0.0',
      clock: this.clock,
      stores: new Map(this.stores.map((store) => [store.alias, store])),
      executors: new Map(
        Object.entries(given.executors ?? { default: executorOf(given.concurrency ?? 50), background: executorOf(5) }),
      ),
      tasks: {
        resolve: (name) => {
          if (!this.handlers.has(name)) return null;
          this.resolved.add(name);
          return this.handlerOf(name);
        },
        names: () => [...this.handlers.keys()].filter((name) => this.isListed(name, given.unlisted)).sort(),
      },
      triggers: this.triggers,
      events: { wants: () => given.deaf !== true, emit: (fact) => void this.facts.push(fact) },
      hooks: { of: (job) => given.hooks?.[job.id] ?? null },
      logger: (context) => {
        const write = (line: string): void => void this.lines.push(`${context.jobId}: ${line}`);
        return { log: write, warn: write, error: (line) => write(line), debug: write };
      },
      options: { ...DEFAULT_SCHEDULER_OPTIONS, ...given.options },
    });
  }

  /** Opens, puts the code's jobs and starts: all of it in this tick with stores in memory. */
  start(...definitions: JobDefinition[]): this {
    void this.scheduler.open();
    void this.scheduler.putCode(definitions);
    void this.scheduler.start();
    return this;
  }

  async startAsync(...definitions: JobDefinition[]): Promise<this> {
    await this.scheduler.open();
    await this.scheduler.putCode(definitions);
    await this.scheduler.start();
    return this;
  }

  handle(task: string, handler: TaskHandler = () => undefined): this {
    this.handlers.set(task, handler);
    return this;
  }

  /** Settled and unsettled runs, oldest first. */
  async runsOf(id: string): Promise<RunRecord[]> {
    const { runs } = await this.scheduler.runs({ jobId: id, limit: 1_000 });
    return [...runs].reverse();
  }

  typesOf(...types: EventType[]): SchedulerFact[] {
    return this.facts.filter((fact) => types.includes(fact.type));
  }

  private isListed(name: string, unlisted: ReadonlySet<string> = new Set()): boolean {
    return !unlisted.has(name) || this.resolved.has(name);
  }

  private handlerOf(task: string): TaskHandler {
    return (args, context) => {
      this.calls.push({ task, at: this.clock.now(), context });
      return this.handlers.get(task)!(args, context);
    };
  }
}

export function job(id: string, trigger: Trigger, policy: Partial<JobPolicy> = {}, rest: Partial<JobDefinition> = {}) {
  const definition: JobDefinition = {
    id,
    aliases: [],
    name: null,
    description: null,
    tags: [],
    origin: 'code',
    task: id,
    args: [],
    trigger,
    timezone: 'UTC',
    store: 'default',
    policy: { ...DEFAULT_POLICY, ...policy },
    hookNames: null,
    hooks: null,
    enabled: true,
    definedAt: `${id} (test)`,
    ...rest,
  };
  return definition;
}

export function executorOf(concurrency: number): Executor {
  return {
    concurrency,
    execute: ({ handler, args, context }) => JobContext.enter(context, () => handler(args, context)),
  };
}

/** A promise with its ends. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything that waits for a promise go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
