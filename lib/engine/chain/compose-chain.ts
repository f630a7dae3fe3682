import type { Clock, Executor, Instant, JobHooks } from '../../core/index.js';
import type { Link, LiveRun } from '../live-run.js';
import { afterHooks } from './after-hooks.js';
import { announced } from './announced.js';
import { beforeHooks } from './before-hooks.js';
import { conditions } from './conditions.js';
import { withinGrace } from './grace.js';
import { perform } from './perform.js';
import { stoppable } from './stoppable.js';

/** What the wrappers of a chain work with. */
export interface ChainParts {
  readonly clock: Clock;
  /** Store time. */
  readonly now: () => Instant;
  readonly executorOf: (run: LiveRun) => Executor;
  /** The attempt begins. */
  readonly onStart: (run: LiveRun) => void;
  /** Fire time plus jitter, as the plan counts it. */
  readonly plannedDueAt: (run: LiveRun) => Instant;
}

/**
 * Chains by the hooks they call, each composed once. Nothing is kept by job, so a job that is removed and added again
 * cannot meet what belonged to the former one (P28); everything else a wrapper obeys is read from the run's own row.
 */
export class Chains {
  private readonly plain: Link;
  private readonly ofHooks = new WeakMap<JobHooks, Link>();

  constructor(private readonly parts: ChainParts) {
    this.plain = compose({}, parts);
  }

  of(hooks: JobHooks | null): Link {
    if (hooks === null) return this.plain;
    let chain = this.ofHooks.get(hooks);
    if (chain === undefined) {
      chain = compose(hooks, this.parts);
      this.ofHooks.set(hooks, chain);
    }
    return chain;
  }
}

/** From the inside out: each wrapper surrounds those above it. */
function compose(hooks: JobHooks, { clock, now, executorOf, onStart, plannedDueAt }: ChainParts): Link {
  let link = perform(executorOf);
  link = beforeHooks(link, hooks);
  link = announced(link, onStart);
  link = conditions(link, hooks);
  link = stoppable(link, clock, executorOf);
  link = afterHooks(link, hooks, clock);
  return withinGrace(link, now, plannedDueAt);
}
