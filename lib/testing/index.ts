export * from './describe-executor.js';
export * from './describe-job-store.js';
export * from './manual-clock.js';
export { MissingTestRunnerError } from './test-runner.js';
export { NoRunError, RunExpectationError, TravelBackError } from './nest-errors.js';
export type { RunExpectation } from './nest-expectations.js';
export { SchedulerTester } from './nest-tester.js';
export { SchedulerTestingModule } from './nest-testing-module.js';
export type { SchedulerTestingOptions } from './nest-testing-module.js';
