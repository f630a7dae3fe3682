/** Samples of docs/guides/writing-a-store.md. */
import { JobContext } from '../../lib/core/index.js';
import type { Attempt, Executor, Store } from '../../lib/core/index.js';
import { createMemoryStore, describeExecutor, describeJobStore } from '../../lib/testing/index.js';

/** The same object, but each method answers in a later turn of the event loop. */
function later<T extends object>(target: T): T {
  return new Proxy(target, {
    get(_, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]) => {
        await new Promise((resolve) => setImmediate(resolve));
        return method.apply(target, given) as unknown;
      };
    },
  });
}

function createMyStore(): Store {
  const { jobs, history, nodes } = createMemoryStore({ alias: 'mine' });
  return { alias: 'mine', isShared: true, jobs: later(jobs), history: later(history), nodes: later(nodes) };
}

describeJobStore('my store', {
  create: () => createMyStore(),
});

class MyExecutor implements Executor {
  readonly concurrency = 1;

  execute({ handler, args, context }: Attempt): unknown {
    return JobContext.enter(context, () => handler(structuredClone(args), context));
  }
}

describeExecutor('my executor', {
  create: () => new MyExecutor(),
});
