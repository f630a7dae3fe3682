export * from './describe-executor.js';
export * from './describe-job-store.js';
export * from './manual-clock.js';
export { MissingTestRunnerError } from './test-runner.js';
