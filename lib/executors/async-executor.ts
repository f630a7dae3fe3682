import { JobContext } from '../core/index.js';
import type { Attempt, Awaitable, Executor } from '../core/index.js';
import { InvalidConcurrencyError } from './errors.js';
import { privateArgs } from './private-args.js';

export interface AsyncExecutorOptions {
  /** Attempts at once, at most: a whole number from 1, or Infinity. */
  readonly concurrency: number;
}

/**
 * Runs attempts in this process, on the main thread. The handler is called before `execute` returns; concurrency counts
 * attempts whose promises are open. A handler that ignores its signal runs on, unless its task can be killed: a process.
 *
 * @throws {InvalidConcurrencyError}
 * @example new AsyncExecutor({ concurrency: 50 })
 */
export class AsyncExecutor implements Executor {
  readonly concurrency: number;

  constructor({ concurrency }: AsyncExecutorOptions) {
    if (concurrency !== Infinity && !(Number.isInteger(concurrency) && concurrency >= 1)) {
      throw new InvalidConcurrencyError('AsyncExecutor', concurrency);
    }
    this.concurrency = concurrency;
  }

  execute({ handler, args, context }: Attempt): unknown {
    return JobContext.enter(context, handler, privateArgs(args), context);
  }

  kill({ handler, context }: Attempt): Awaitable<boolean> {
    return handler.kill?.(context) ?? false;
  }
}
