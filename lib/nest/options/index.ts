export type * from './inputs.js';
export type * from './job-options.js';
export type * from './module-options.js';
