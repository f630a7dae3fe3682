import { SchedulerError } from '../../core/index.js';
import { StoreUnavailableError } from './module-errors.js';
import type { Awaitable, JobPause, JobStore, NodeRegistry, RunHistory, Store } from '../../core/index.js';

/** Of a store that was never used by the application: see the TypeORM store. */
const EMPTY = 'STORE_EMPTY';

/**
 * A shared store of a process that only looks. Where nobody has used the store yet there is nothing to look at, and it
 * reads as empty: what such a process adds, as in `onModuleInit`, stays with it.
 */
export class ObservedStore implements Store {
  readonly isShared = true;
  private seen: Store;

  /** @param empty a store of this process that stands for one without tables */
  constructor(
    private readonly real: Store,
    private readonly empty: Store,
  ) {
    this.seen = real;
  }

  get alias(): string {
    return this.real.alias;
  }

  /** Of the real one, but for how it is opened. */
  get jobs(): JobStore {
    const { jobs } = this.seen;
    const open = (): Awaitable<void> => this.open();
    return new Proxy(jobs, {
      get: (target, name) => {
        const value: unknown = name === 'open' ? open : Reflect.get(target, name);
        return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      },
    });
  }

  get history(): RunHistory {
    return this.seen.history;
  }

  get nodes(): NodeRegistry {
    if (this.seen === this.real) return this.real.nodes;
    const { nodes } = this.empty;
    const { alias } = this;
    return {
      beat: (node) => nodes.beat(node),
      leave: (id) => nodes.leave(id),
      list: (since) => nodes.list(since),
      forget: (before) => nodes.forget(before),
      readPause: () => nodes.readPause(),
      writePause: (pause) => refusePause(alias, pause),
    };
  }

  private async open(): Promise<void> {
    try {
      await this.real.jobs.open();
    } catch (error) {
      if (!(error instanceof SchedulerError) || error.code !== EMPTY) throw error;
      this.seen = this.empty;
      await this.empty.jobs.open();
    }
  }
}

function refusePause(alias: string, pause: JobPause | null): void {
  if (pause === null) return;
  throw new StoreUnavailableError(
    alias,
    'it holds nothing of this application yet, so there is nothing to pause. The first start of the application makes ' +
      'its tables.',
  );
}
