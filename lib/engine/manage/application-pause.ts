import type { Awaitable, JobPause } from '../../core/index.js';
import type { Facts } from '../facts.js';
import { isPausedAt } from '../plan-draft.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { eachInTurn, settled, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { withdrawAhead } from '../withdraw-ahead.js';
import type { PauseOptions } from './job-commands.js';
import type { Stores } from './stores.js';

/** The pause of the whole application: kept in each store, obeyed by all nodes. */
export class ApplicationPause {
  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {}

  begin(options: PauseOptions): Awaitable<void> {
    const pause: JobPause = { at: this.parts.clock.now(), ...options };
    const begun = eachInTurn(this.stores.all(), (node) => then(node.writePause(pause), () => takeBack(node)));
    return then(begun, () => this.facts.tell('scheduler.paused', { detail: options.reason }));
  }

  /** The pause is kept as an ended one, so that each node records what it covered instead of making up for it. */
  end(): Awaitable<void> {
    const ended = eachInTurn(this.stores.all(), (node) =>
      then(node.store.nodes.readPause(), (pause) => {
        const now = node.time.now();
        return isPausedAt(pause, now) ? node.writePause({ ...pause!, until: now }) : undefined;
      }),
    );
    return then(ended, () => this.facts.tell('scheduler.resumed', {}));
  }

  /** null: it is not paused. */
  read(): Awaitable<JobPause | null> {
    return this.stores.firstOf(this.stores.all(), (node) =>
      then(node.store.nodes.readPause(), (pause) => (isPausedAt(pause, node.time.now()) ? pause : null)),
    );
  }

  /** Another node paused the application, or ended that: jobs of this process obey, too. */
  heard(pause: JobPause | null): void {
    for (const node of this.stores.all()) {
      if (node.store.isShared) continue;
      settled(
        () => node.writePause(pause),
        () => node.health.answered('change'),
        (error) => node.health.failed('change', error),
      );
    }
  }
}

/** In a store of this process nothing is claimed ahead. */
function takeBack(node: StoreNode): Awaitable<void> {
  if (!node.store.isShared) return;
  return then(withdrawAhead(node), (count) => (count > 0 ? node.claimsChanged() : undefined));
}
