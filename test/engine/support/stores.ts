import type { Store } from '../../../lib/core/index.js';
import { createMemoryStore } from '../../../lib/stores/memory/index.js';

export interface StoreControl {
  readonly store: Store;
  /** Calls by method name, in order. */
  readonly calls: string[];
  /** Throws (or rejects with) what it answers, when it answers something. */
  failing: ((method: string, args: readonly any[]) => unknown) | null;
  /** Answers with promises, after this many turns of the microtask queue; 0: at once. */
  turns: number;
  /** A method that never answers. */
  hanging: string | null;
  /** The store's own clock; null: it goes by what it is asked. */
  clock: (() => number) | null;
  /** What a store that watches says of missed messages; null: it says nothing of them. */
  isDeaf: boolean | null;
  /** Wakes the nodes that watch. */
  wake(): void;
  /** Tells them that somebody is about to take claims back. */
  doubt(): void;
}

export interface StoreTraits {
  readonly alias?: string;
  readonly isShared?: boolean;
  readonly turns?: number;
  readonly base?: Store;
  readonly watches?: boolean;
  readonly settleSpacing?: number;
}

/** A store in memory that passes for a shared one, answers late, fails, or keeps a clock of its own. */
export function controlledStore(traits: StoreTraits = {}): StoreControl {
  const base = traits.base ?? createMemoryStore({ alias: traits.alias ?? 'default' });
  const watchers = new Set<{ readonly wake: () => void; readonly doubt: () => void }>();
  const control: StoreControl = {
    calls: [],
    failing: null,
    hanging: null,
    turns: traits.turns ?? 0,
    clock: null,
    isDeaf: null,
    wake: () => watchers.forEach(({ wake }) => wake()),
    doubt: () => watchers.forEach(({ doubt }) => doubt()),
    store: {
      alias: base.alias,
      isShared: traits.isShared ?? true,
      jobs: guarded(base.jobs, 'jobs'),
      history: guarded(base.history, 'history'),
      nodes: guarded(base.nodes, 'nodes'),
    },
  };

  function guarded<T extends object>(part: T, name: string): T {
    const watch = (wake: () => void, doubt: () => void): (() => void) => {
      const watcher = { wake, doubt };
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    };
    return new Proxy(part, {
      get: (target, key: string) => {
        if (key === 'watch') return traits.watches ? watch : undefined;
        if (key === 'settleSpacing') return traits.settleSpacing;
        if (key === 'hasForeignWrites' && control.isDeaf !== null) return () => control.isDeaf;
        const method = (target as any)[key];
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => call(`${name}.${key}`, args, () => method.apply(target, args));
      },
    });
  }

  function call(method: string, args: readonly unknown[], work: () => unknown): unknown {
    control.calls.push(method);
    if (control.hanging === method) return new Promise(() => {});
    const act = (): unknown => {
      const fault = control.failing?.(method, args);
      if (fault instanceof Error) throw fault;
      const answer = work();
      return method === 'jobs.claimDue' && control.clock !== null
        ? { ...(answer as object), storeNow: control.clock() }
        : answer;
    };
    return control.turns === 0 ? act() : later(control.turns).then(act);
  }

  return control;
}

async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

/** Several nodes' views of one store in memory. */
export function sharedViews(count: number, traits: StoreTraits = {}): StoreControl[] {
  const base = createMemoryStore({ alias: 'default' });
  return Array.from({ length: count }, () => controlledStore({ ...traits, base }));
}
