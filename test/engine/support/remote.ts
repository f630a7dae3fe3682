import type { Store } from '../../../lib/core/index.js';
import type { ManualClock } from '../../../lib/testing/index.js';
import { createMemoryStore } from '../../../lib/stores/memory/index.js';

/** Until a wake-up has arrived, which takes a way of its own. */
const WAKE_UP = 20;

/** A connection of one node to a store elsewhere. */
export interface Remote {
  readonly store: Store;
  /** Time from a call to its arrival, and from there to the answer. */
  there: number;
  back: number;
  /** Answers of these methods are lost on their way back, after the work was done. */
  readonly deafTo: Set<string>;
  /** Nothing arrives, nothing comes back. */
  isCut: boolean;
  /** The store's wake-ups do not reach this node any more. */
  isUnheard: boolean;
  readonly calls: { readonly method: string; readonly at: number; answeredAt?: number }[];
}

/** Nodes' connections to one store that keeps a clock of its own, with round trips that take time on the manual clock. */
export function remotes(
  count: number,
  clock: ManualClock,
  traits: { watches?: boolean; tells?: boolean; ahead?: number; claimsAtOnce?: number } = {},
) {
  /** Changes of jobs so far, which a store that `tells` is asked about. */
  let changes = 0;
  const base = createMemoryStore({ alias: 'default' });
  const watchers = new Map<number, () => void>();
  const ahead = traits.ahead ?? 0;
  const list = Array.from({ length: count }, (_, index) => connection(index));

  function connection(index: number): Remote {
    let seen = 0;
    const looksForChanges = (): Promise<boolean> =>
      call(remote, 'jobs.hasForeignWrites', () => changes).then(
        (found) => {
          const isNew = found !== seen;
          seen = found as number;
          return isNew;
        },
        () => true,
      );
    const part = <T extends object>(target: T, name: string): T =>
      new Proxy(target, {
        get: (_, key: string) => {
          if (key === 'watch') return traits.watches === true ? (wake: () => void) => watch(index, wake) : undefined;
          if (key === 'hasForeignWrites') return traits.tells === true ? looksForChanges : undefined;
          if (key === 'claimsAtOnce') return traits.claimsAtOnce;
          const method = (target as Record<string, unknown>)[key];
          if (typeof method !== 'function') return method;
          return (...args: unknown[]) => call(remote, `${name}.${key}`, () => method.apply(target, args));
        },
      });
    const remote: Remote = {
      store: {
        alias: 'default',
        isShared: true,
        jobs: part(base.jobs, 'jobs'),
        history: part(base.history, 'history'),
        nodes: part(base.nodes, 'nodes'),
      },
      there: 20,
      back: 20,
      deafTo: new Set(),
      isCut: false,
      isUnheard: false,
      calls: [],
    };
    return remote;
  }

  function watch(index: number, wake: () => void): () => void {
    watchers.set(index, wake);
    return () => watchers.delete(index);
  }

  function passed(millis: number): Promise<void> {
    return new Promise((resolve) => void clock.after(millis, resolve));
  }

  async function call(remote: Remote, method: string, work: () => unknown): Promise<unknown> {
    const made: Remote['calls'][number] = { method, at: clock.now() };
    remote.calls.push(made);
    await passed(remote.there);
    if (remote.isCut) throw new Error('connection terminated');
    const answer = work();
    if (method === 'jobs.change') changes++;
    if (method === 'jobs.change' || method === 'jobs.put') tellOthers(remote);
    const shown = method === 'jobs.claimDue' ? { ...(answer as object), storeNow: clock.now() + ahead } : answer;
    await passed(remote.back);
    made.answeredAt = clock.now();
    if (remote.isCut || remote.deafTo.has(method)) throw new Error('connection terminated');
    return shown;
  }

  function tellOthers(from: Remote): void {
    list.forEach((remote, index) => {
      if (remote === from || remote.isUnheard || remote.isCut) return;
      void passed(WAKE_UP).then(() => watchers.get(index)?.());
    });
  }

  return { remotes: list, base };
}
