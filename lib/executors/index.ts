export { AsyncExecutor } from './async-executor.js';
export type { AsyncExecutorOptions } from './async-executor.js';
export { InvalidConcurrencyError } from './errors.js';
