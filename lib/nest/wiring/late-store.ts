import { UnknownStoreError } from '../../engine/index.js';
import { StoreUnavailableError } from './module-errors.js';
import type { JobStore, NodeRegistry, RunHistory, Store } from '../../core/index.js';

/**
 * A shared store whose package is loaded, and whose data source is found, when the application starts: until then the
 * injector has not made that data source.
 */
export class LateStore implements Store {
  readonly isShared = true;
  private made: Store | null = null;

  constructor(
    readonly alias: string,
    private readonly make: () => Promise<Store>,
  ) {}

  async prepare(): Promise<void> {
    this.made ??= await this.make();
  }

  get jobs(): JobStore {
    return this.ready.jobs;
  }

  get history(): RunHistory {
    return this.ready.history;
  }

  get nodes(): NodeRegistry {
    return this.ready.nodes;
  }

  private get ready(): Store {
    if (this.made !== null) return this.made;
    throw new StoreUnavailableError(this.alias, 'the application has not started. Use it in onModuleInit or later.');
  }
}

/**
 * Stands for a store that was asked for by its token and is not configured. It says so when it is used, not when it is
 * made: tokens are known to a process, stores to each of its applications.
 */
export class MissingStore implements Store {
  readonly isShared = false;

  constructor(
    readonly alias: string,
    private readonly known: readonly string[],
  ) {}

  get jobs(): JobStore {
    return this.refuse();
  }

  get history(): RunHistory {
    return this.refuse();
  }

  get nodes(): NodeRegistry {
    return this.refuse();
  }

  private refuse(): never {
    throw new UnknownStoreError(this.alias, this.known, 'getStoreToken()');
  }
}
