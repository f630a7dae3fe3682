import type { Awaitable, Store } from '../core/index.js';
import { nothing } from './patience.js';
import type { Patience } from './patience.js';

/** The same store, for work that goes through it call by call: one that hangs counts as failed, as with other calls (P24). */
export function patientStore(store: Store, patience: Patience): Store {
  return {
    alias: store.alias,
    isShared: store.isShared,
    jobs: patientPart(store.jobs, patience),
    history: patientPart(store.history, patience),
    nodes: patientPart(store.nodes, patience),
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
