import type { Clock, Instant, Millis, Timer } from '../core/index.js';
import type { StoreNode } from './store-node.js';

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: (isMet: boolean) => void;
  readonly timer: Timer | null;
}

const NONE: ReadonlySet<string> = new Set();

/** Lets somebody wait until the nodes have come to rest; looked at whenever something ended. */
export class Quiet {
  private waiters: Waiter[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly nodes: ReadonlyMap<string, StoreNode>,
  ) {}

  /** No attempt is open but on the executors `except`, every outcome is written, and nothing is due now. */
  isIdle(except: ReadonlySet<string> = NONE): boolean {
    return this.every((node) => node.settles.size === 0 && node.loop.isResting && hasNothingToDo(node, except));
  }

  /** How long until the first run of a fire time up to then may start that is held here; null: none is held. */
  untilHeld(end: Instant): Millis | null {
    let wait: Millis | null = null;
    for (const { dispatcher, time } of this.nodes.values()) {
      for (const { state, run } of dispatcher.live.values()) {
        if (state !== 'held' || run.kind === 'manual' || run.fireTime > end) continue;
        wait = Math.min(wait ?? Infinity, Math.max(0, run.dueAt - time.now()));
      }
    }
    return wait;
  }

  /** No attempt is open. */
  hasNoAttempts(): boolean {
    return this.every((node) => [...node.dispatcher.live.values()].every((run) => run.state !== 'running'));
  }

  /** Every outcome is written, and no claim is on its way. */
  isSettled(): boolean {
    return this.every((node) => node.isSettled);
  }

  /** true: it came to be; false: `limit` passed first. */
  until(isMet: () => boolean, limit: Millis | null): Promise<boolean> {
    if (isMet()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.waiters = this.waiters.filter((it) => it !== waiter);
        resolve(false);
      };
      const waiter: Waiter = { isMet, resolve, timer: limit === null ? null : this.clock.after(limit, giveUp) };
      this.waiters.push(waiter);
    });
  }

  look(): void {
    if (this.waiters.length === 0) return;
    const met = this.waiters.filter((waiter) => waiter.isMet());
    if (met.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => !met.includes(waiter));
    for (const { timer, resolve } of met) {
      timer?.cancel();
      resolve(true);
    }
  }

  private every(test: (node: StoreNode) => boolean): boolean {
    for (const node of this.nodes.values()) if (!test(node)) return false;
    return true;
  }
}

/** Runs that were claimed ahead wait for their time, and are no work now. */
function hasNothingToDo({ dispatcher, time }: StoreNode, except: ReadonlySet<string>): boolean {
  for (const { state, run, job } of dispatcher.live.values()) {
    const isWork = state !== 'held' || run.dueAt <= time.now();
    if (isWork && !except.has(job.policy.executor)) return false;
  }
  return true;
}
