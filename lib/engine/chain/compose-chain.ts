import type { Clock, Executor, Instant, JobHooks } from '../../core/index.js';
import type { Done, Link, LiveRun, Start } from '../live-run.js';
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
  readonly executorOf: (run: LiveRun) => Executor;
  /** The attempt begins. */
  readonly onStart: (run: LiveRun) => void;
  /** An attempt that had to be waited for has ended, and so have its hooks. */
  readonly onEnd: Done;
  /** Fire time plus jitter, as the plan counts it. */
  readonly plannedDueAt: (run: LiveRun) => Instant;
}

/**
 * Chains by the hooks they call, each composed once. Nothing is kept by job, so a job that is removed and added again
 * cannot meet what belonged to the former one (P28); everything else a wrapper obeys is read from the run's own row.
 */
export class Chains {
  private readonly plain: Start;
  private readonly ofHooks = new WeakMap<JobHooks, Start>();

  constructor(private readonly parts: ChainParts) {
    this.plain = this.compose({});
  }

  of(hooks: JobHooks | null): Start {
    if (hooks === null) return this.plain;
    let chain = this.ofHooks.get(hooks);
    if (chain === undefined) {
      chain = this.compose(hooks);
      this.ofHooks.set(hooks, chain);
    }
    return chain;
  }

  /** From the inside out: each wrapper surrounds those above it. */
  private compose(hooks: JobHooks): Start {
    const { clock, executorOf, onStart, onEnd, plannedDueAt } = this.parts;
    let link: Link = perform(executorOf);
    link = beforeHooks(link, hooks);
    link = announced(link, onStart);
    link = conditions(link, hooks);
    link = stoppable(link, clock, executorOf);
    link = afterHooks(link, hooks, clock);
    return withinGrace(link, plannedDueAt)(onEnd);
  }
}
