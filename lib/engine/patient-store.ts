import type { Awaitable, Store } from '../core/index.js';
import { nothing } from './patience.js';
import type { Patience } from './patience.js';

/**
 * The same store, for work that goes through it call by call: one that hangs counts as failed, as with other calls (P24).
 * Its parts are asked for when they are used: a store may be made as late as when the application starts.
 */
export function patientStore(store: Store, patience: Patience): Store {
  // Looked at with each call: a store may be made only when the application starts.
  return {
    alias: store.alias,
    isShared: store.isShared,
    get jobs() {
      return patientPart(store.jobs, patience);
    },
    get history() {
      return patientPart(store.history, patience);
    },
    get nodes() {
      return patientPart(store.nodes, patience);
    },
  };
}

function patientPart<T extends object>(part: T, patience: Patience): T {
  return new Proxy(part, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) =>
        patience.await(`${String(name)}()`, () => Reflect.apply(method, target, given) as Awaitable<unknown>, nothing);
    },
  });
}
