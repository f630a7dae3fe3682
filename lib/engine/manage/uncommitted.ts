import type { Instant, Millis, PutResult } from '../../core/index.js';
import { settled } from '../settled.js';
import type { StoreNode } from '../store-node.js';

/** The first look at whether a transaction has committed; each later one waits twice as long. */
const FIRST_LOOK: Millis = 50;
const LONGEST_WAIT: Millis = 5_000;
/** What does not show by then was rolled back, as far as anybody can tell. */
const LOOKED_FOR: Millis = 600_000;

type Tell = (results: readonly PutResult[]) => void;

/**
 * Finds out when jobs are there that were added in the caller's transaction. No database says when somebody else's
 * transaction ends; but the store reads on connections of its own, where a job shows once it is committed. One that was
 * rolled back never shows.
 */
export class Uncommitted {
  watch(node: StoreNode, results: readonly PutResult[], tell: Tell): void {
    const changed = results.filter(({ kind }) => kind === 'added' || kind === 'changed');
    if (changed.length > 0) new Watch(node, changed, tell).lookAfter(FIRST_LOOK);
  }
}

class Watch {
  private readonly endsAt: Instant;

  constructor(
    private readonly node: StoreNode,
    private readonly results: readonly PutResult[],
    private readonly tell: Tell,
  ) {
    this.endsAt = node.clock.monotonic() + LOOKED_FOR;
  }

  lookAfter(wait: Millis): void {
    this.node.later(wait, () => this.look(Math.min(2 * wait, LONGEST_WAIT)));
  }

  /** All of them show at once, so one of them tells of all. */
  private look(wait: Millis): void {
    const { node, results, tell } = this;
    const [{ job }] = results;
    settled(
      () => node.store.jobs.list({ ids: [job.id] }),
      ([found]) => {
        if (found !== undefined && found.generation >= job.generation) tell(results);
        else this.goOn(wait);
      },
      () => this.goOn(wait),
    );
  }

  private goOn(wait: Millis): void {
    if (this.node.clock.monotonic() < this.endsAt) this.lookAfter(wait);
  }
}
