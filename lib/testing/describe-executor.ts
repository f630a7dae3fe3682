import { JobContext } from '../core/index.js';
import type { Attempt, Awaitable, Executor, JobRecord, JsonValue, RunRecord, TaskHandler } from '../core/index.js';
import { newJob, T0 } from './job-store/store-world.js';
import { testRunner } from './test-runner.js';
import type { ExpectFunction } from './test-runner.js';

/** How the contract gets at an executor that calls handlers in this process. */
export interface ExecutorContract {
  create(): Awaitable<Executor>;
}

interface ExecutorCase {
  readonly name: string;
  run(executor: Executor, expect: ExpectFunction): Promise<void>;
}

/** An attempt at a run of a job of its own. */
function attemptAt(handler: TaskHandler, args: readonly JsonValue[] = [], id = 'job'): Attempt {
  const job: JobRecord = { ...newJob(id, { args }), generation: 1, version: 1 };
  const run = {
    id: `run-of-${id}`,
    jobId: id,
    kind: 'manual',
    fireTime: T0,
    count: 1,
    args: null,
  } as unknown as RunRecord;
  const silent = { log: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
  const context = new JobContext({
    job,
    run,
    attempt: 1,
    makeLogger: () => silent,
    onProgress: () => undefined,
    print: () => undefined,
    pipeTo: () => undefined,
  });
  return { task: job.task, handler, args, context };
}

const CALL_CASES: readonly ExecutorCase[] = [
  {
    name: 'calls the handler with the arguments and the context',
    async run(executor, expect) {
      const seen: unknown[] = [];
      const attempt = attemptAt((args, context) => seen.push(args, context.jobId), [1, 'two', { three: [3] }]);
      await executor.execute(attempt);

      expect(seen).toEqual([[1, 'two', { three: [3] }], 'job']);
    },
  },
  {
    name: 'has called the handler when execute returns',
    async run(executor, expect) {
      let isCalled = false;
      const answer = executor.execute(attemptAt(() => (isCalled = true)));

      expect(isCalled).toBe(true);
      await answer;
    },
  },
  {
    name: 'answers what the handler answers, at once when it does',
    async run(executor, expect) {
      expect(executor.execute(attemptAt(() => ({ rows: 3 })))).toEqual({ rows: 3 });
      expect(executor.execute(attemptAt(() => undefined))).toBeUndefined();
      expect(await executor.execute(attemptAt(() => Promise.resolve('later')))).toBe('later');
    },
  },
  {
    name: 'throws, or rejects with, what the handler threw',
    async run(executor, expect) {
      const error = new Error('broken');
      const throwing = attemptAt(() => {
        throw error;
      });

      expect(() => executor.execute(throwing)).toThrow(error);
      await expect(executor.execute(attemptAt(() => Promise.reject(error)))).rejects.toBe(error);
    },
  },
  {
    name: 'gives each attempt arguments of its own: what a handler does to them reaches no other (store or not)',
    async run(executor, expect) {
      const args = [{ list: [1] }];
      const spoil: TaskHandler = ([first]) => (first as { list: number[] }).list.push(2);
      await executor.execute(attemptAt(spoil, args));

      expect(args).toEqual([{ list: [1] }]);
    },
  },
];

const CONTEXT_CASES: readonly ExecutorCase[] = [
  {
    name: 'makes the context the current one, also after an await, and not outside (U14)',
    async run(executor, expect) {
      const seen: unknown[] = [];
      const note = (): unknown => seen.push(JobContext.current()?.jobId);
      const answer = executor.execute(
        attemptAt(async () => {
          note();
          await Promise.resolve();
          note();
        }),
      );
      note();
      await answer;
      note();

      expect(seen).toEqual(['job', undefined, 'job', undefined]);
    },
  },
  {
    name: 'keeps the contexts of attempts apart that run at the same time',
    async run(executor, expect) {
      const seen: unknown[] = [];
      const work: TaskHandler = async (_args, context) => {
        await Promise.resolve();
        seen.push([context.jobId, JobContext.current()?.jobId]);
      };
      await Promise.all(['a', 'b', 'c'].map((id) => executor.execute(attemptAt(work, [], id))));

      expect(seen).toEqual(['a', 'b', 'c'].map((id) => [id, id]));
    },
  },
  {
    name: 'lets the signal reach the handler (P19)',
    async run(executor, expect) {
      const attempt = attemptAt(
        (_args, { signal }) =>
          new Promise((resolve) =>
            signal.addEventListener('abort', () => resolve(`stopped by ${String(signal.reason)}`)),
          ),
      );
      const answer = executor.execute(attempt);
      attempt.context.abort('a test');

      expect(await answer).toBe('stopped by a test');
    },
  },
];

const LIFE_CASES: readonly ExecutorCase[] = [
  {
    name: 'says how many attempts it takes at once: at least one',
    async run(executor, expect) {
      expect(executor.concurrency).toBeGreaterThanOrEqual(1);
      await Promise.resolve();
    },
  },
  {
    name: 'goes on after an attempt that failed',
    async run(executor, expect) {
      const failing = Promise.resolve(executor.execute(attemptAt(() => Promise.reject(new Error('broken')))));
      await failing.catch(() => undefined);

      expect(await executor.execute(attemptAt(() => 'fine'))).toBe('fine');
    },
  },
  {
    name: 'may be closed twice, where it can be closed at all',
    async run(executor, expect) {
      const close = async (): Promise<void> => executor.close?.();
      await close();

      await expect(close()).resolves.toBeUndefined();
    },
  },
];

/**
 * The contract of an executor that calls handlers in this process. Needs the test runner's global `describe`, `it` and
 * `expect`.
 *
 * @throws {MissingTestRunnerError} when those are not there
 * @example describeExecutor('my executor', { create: () => new MyExecutor({ concurrency: 5 }) });
 */
export function describeExecutor(name: string, contract: ExecutorContract): void {
  const { describe, it, expect } = testRunner('describeExecutor');
  describe(`${name} keeps the contract of an executor`, () => {
    for (const one of [...CALL_CASES, ...CONTEXT_CASES, ...LIFE_CASES]) {
      it(one.name, async () => {
        const executor = await contract.create();
        await executor.open?.();
        try {
          await one.run(executor, expect);
        } finally {
          await executor.close?.();
        }
      });
    }
  });
}
