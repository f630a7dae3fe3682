import type { describe as Describe, expect as Expect, it as It } from '@jest/globals';
import { SchedulerError } from '../core/index.js';

/** What a contract suite needs of the test runner. */
export interface TestRunner {
  readonly describe: typeof Describe;
  readonly it: typeof It;
  readonly expect: typeof Expect;
}

export type ExpectFunction = TestRunner['expect'];

/** The test runner's globals are not there. */
export class MissingTestRunnerError extends SchedulerError {
  readonly code = 'MISSING_TEST_RUNNER';

  constructor(readonly suite: string) {
    super(
      `${suite}() found no global describe, it and expect. Call it in a test file that jest runs, with injectGlobals ` +
        `left on, or set the three on globalThis first.`,
    );
  }
}

/** Read when it is needed, so that the testing entry can be loaded anywhere. */
export function testRunner(suite: string): TestRunner {
  const found = globalThis as unknown as Partial<TestRunner>;
  const { describe, it, expect } = found;
  if (!describe || !it || !expect) throw new MissingTestRunnerError(suite);
  return { describe, it, expect };
}
