import type { Awaitable, Instant, Millis, NodeRecord, Timer } from '../../core/index.js';
import { patientStore } from '../patient-store.js';
import { eachInTurn, settled, then } from '../settled.js';
import type { UpkeepSite } from './upkeep-site.js';
import { DelayRound } from './delay-round.js';
import { judgeLiveness } from './liveness.js';
import { pruneHistory } from './prune.js';
import { RemovalRound } from './removal.js';
import { TaskRound } from './task-round.js';

const ROUND: Millis = 60_000;
/** Soon, for jobs that were set aside until a node like this one comes. */
const FIRST_ROUND: Millis = 10_000;
/** Whatever a start leaves to be set aside has been by then. */
const SETTLED_IN: Millis = 3_600_000;
const NODE_FORGOTTEN_AFTER: Millis = 86_400_000;
const NODES_FORGOTTEN_EVERY: Millis = 3_600_000;
/** A node not seen for longer knows neither jobs nor tasks any more. */
const LISTED_FOR: Millis = 600_000;

/**
 * What a shared store needs once a minute from somebody: jobs that no live node knows are set aside and taken back, old
 * history and rows that nobody needs go, in bounded steps. Every node does it; doing it twice changes nothing.
 */
export class Upkeep {
  private timer: Timer | null = null;
  private isOpen = false;
  private startedAt: Millis = 0;
  private forgotAt: Instant = -Infinity;
  private readonly site: UpkeepSite;
  private readonly removal: RemovalRound;
  private readonly tasks: TaskRound;
  private readonly delays: DelayRound;

  constructor(given: UpkeepSite) {
    const { parts, clock, time, health, patience, facts, loop, exceptTasks } = given;
    // A round that waited for an answer for ever would be the last one.
    const store = patientStore(given.store, patience);
    this.site = { parts, store, clock, time, health, patience, facts, loop, exceptTasks };
    this.removal = new RemovalRound(this.site);
    this.tasks = new TaskRound(this.site);
    this.delays = new DelayRound(this.site);
  }

  start(): void {
    this.isOpen = true;
    this.startedAt = this.site.clock.monotonic();
    this.arm(FIRST_ROUND);
  }

  stop(): void {
    this.isOpen = false;
    this.timer?.cancel();
    this.timer = null;
  }

  private round(): Awaitable<void> {
    const { site } = this;
    const now = site.time.now();
    return then(site.store.nodes.list(now - LISTED_FOR), (nodes: readonly NodeRecord[]) => {
      const steps: ((at: Instant) => Awaitable<unknown>)[] = [
        () => this.tasks.step(nodes),
        (at) => judgeLiveness(site, nodes, at),
        () => this.delays.step(),
        (at) => this.removal.step(at),
        (at) => pruneHistory(site, at),
        (at) => this.forgetNodes(at),
      ];
      return eachInTurn(steps, (step) => (this.isOpen ? step(now) : null));
    });
  }

  private forgetNodes(now: Instant): Awaitable<unknown> {
    if (Math.abs(now - this.forgotAt) < NODES_FORGOTTEN_EVERY) return;
    return then(this.site.store.nodes.forget(now - NODE_FORGOTTEN_AFTER), () => (this.forgotAt = now));
  }

  private untilNext(): Millis {
    const isSettledIn = this.site.clock.monotonic() - this.startedAt >= SETTLED_IN;
    return isSettledIn ? ROUND * this.site.parts.options.pace : ROUND;
  }

  /** With a random part, so that nodes take turns (P21). */
  private arm(wait: Millis): void {
    if (!this.isOpen) return;
    this.timer = this.site.clock.after(wait * (0.8 + 0.4 * Math.random()), () => {
      settled(
        () => this.round(),
        () => {
          this.site.health.answered('change');
          this.arm(this.untilNext());
        },
        (error) => {
          this.site.health.failed('change', error);
          this.arm(this.untilNext());
        },
      );
    });
  }
}
