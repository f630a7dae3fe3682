import { DEFAULT_POLICY } from '../../lib/core/index.js';
import type { Executor, JobDefinition, JobPolicy, SchedulerFact, Store, Trigger } from '../../lib/core/index.js';
import { DEFAULT_SCHEDULER_OPTIONS, Scheduler } from '../../lib/engine/index.js';
import type { SchedulerOptions } from '../../lib/engine/index.js';
import { createTriggerCodec } from '../../lib/triggers/index.js';
import type { Actor } from './agenda.js';
import type { NodeClock } from './node-clock.js';

export interface SimNodeParts {
  readonly id: string;
  readonly clock: NodeClock;
  readonly store: Store;
  readonly executor: Executor;
  readonly options: Partial<SchedulerOptions>;
  readonly onFact: (node: SimNode, fact: SchedulerFact) => void;
}

const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
const triggers = createTriggerCodec();

/** One process of the cluster: the real engine on a clock and a wire of its own. Dead, it never acts again. */
export class SimNode implements Actor {
  readonly id: string;
  readonly clock: NodeClock;
  readonly scheduler: Scheduler;
  isGone = false;
  isFrozen = false;
  /** Its connection does not reach the store. */
  isCutOff = false;
  isStopping = false;
  /** When it last went on after standing still. */
  thawedAt = -Infinity;
  wake: (() => void) | null = null;
  /** Token that it was told it holds, by run. */
  readonly held = new Map<string, number>();

  constructor(parts: SimNodeParts) {
    this.id = parts.id;
    this.clock = parts.clock;
    this.scheduler = new Scheduler({
      node: { id: parts.id, host: parts.id, pid: 1 },
      appVersion: '1.0.0',
      clock: parts.clock,
      stores: new Map([['default', parts.store]]),
      executors: new Map([['default', parts.executor]]),
      tasks: { resolve: () => () => undefined, names: () => ['work'] },
      triggers,
      events: { wants: () => true, emit: (fact) => parts.onFact(this, fact) },
      hooks: { of: () => null },
      logger: () => QUIET,
      options: { ...DEFAULT_SCHEDULER_OPTIONS, ...parts.options },
    });
  }

  get mayAct(): boolean {
    return !this.isGone && !this.isFrozen;
  }

  async start(code: readonly JobDefinition[]): Promise<void> {
    await this.scheduler.open();
    await this.scheduler.putCode(code);
    await this.scheduler.start();
  }
}

export function definition(
  id: string,
  trigger: Trigger,
  policy: Partial<JobPolicy>,
  origin: JobDefinition['origin'],
): JobDefinition {
  return {
    ...{ id, aliases: [], name: null, description: null, tags: [], origin, task: 'work', args: [], trigger },
    ...{ timezone: 'UTC', store: 'default', policy: { ...DEFAULT_POLICY, ...policy }, hookNames: null, hooks: null },
    ...{ enabled: true, definedAt: id },
  };
}
