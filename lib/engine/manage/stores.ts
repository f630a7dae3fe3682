import type { Awaitable, JobRecord } from '../../core/index.js';
import { UnknownJobError, UnknownStoreError } from '../errors.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';

/** A job and the alias of the store that keeps it. */
export interface LocatedJob {
  readonly store: string;
  readonly job: JobRecord;
}

/** The stores of one scheduler, and which of them keeps what. */
export class Stores {
  /** Where the code keeps its jobs. */
  private readonly homes = new Map<string, StoreNode>();

  constructor(private readonly nodes: ReadonlyMap<string, StoreNode>) {}

  /** From now on the jobs of the code are looked for where it keeps them. */
  settle(homes: ReadonlyMap<StoreNode, readonly { readonly id: string }[]>): void {
    this.homes.clear();
    if (this.nodes.size < 2) return;
    for (const [node, jobs] of homes) for (const { id } of jobs) this.homes.set(id, node);
  }

  all(): readonly StoreNode[] {
    return [...this.nodes.values()];
  }

  at(alias: string): StoreNode | undefined {
    return this.nodes.get(alias);
  }

  /** @throws {UnknownStoreError} naming the stores that are there */
  named(alias: string, where: string): StoreNode {
    const node = this.nodes.get(alias);
    if (node === undefined) throw new UnknownStoreError(alias, [...this.nodes.keys()], where);
    return node;
  }

  /** The stores of a filter: one, or all. */
  chosen(alias: string | undefined): readonly StoreNode[] {
    return alias === undefined ? this.all() : [this.named(alias, 'The filter')];
  }

  find(id: string): Awaitable<{ node: StoreNode; job: JobRecord } | null> {
    const home = this.homes.get(id);
    const nodes = home === undefined ? this.all() : [home, ...this.all().filter((node) => node !== home)];
    return this.firstOf(nodes, (node) =>
      then(node.store.jobs.list({ ids: [id] }), ([job]) => (job === undefined ? null : { node, job })),
    );
  }

  /** @throws {UnknownJobError} */
  get(id: string): Awaitable<{ node: StoreNode; job: JobRecord }> {
    return then(this.find(id), (found) => {
      if (found === null) throw new UnknownJobError(id);
      return found;
    });
  }

  /** The first answer that is not null, the stores asked in their order. */
  firstOf<T>(nodes: readonly StoreNode[], ask: (node: StoreNode) => Awaitable<T | null>): Awaitable<T | null> {
    const from = (index: number): Awaitable<T | null> => {
      if (index >= nodes.length) return null;
      return then(ask(nodes[index]), (answer) => answer ?? from(index + 1));
    };
    return from(0);
  }

  /** Every store's answer, in their order. */
  collect<T>(nodes: readonly StoreNode[], ask: (node: StoreNode) => Awaitable<T>): Awaitable<T[]> {
    const answers: T[] = [];
    const from = (index: number): Awaitable<T[]> => {
      if (index >= nodes.length) return answers;
      return then(ask(nodes[index]), (answer) => {
        answers.push(answer);
        return from(index + 1);
      });
    };
    return from(0);
  }
}
