export * from './context-id.js';
export * from './enhanced-calls.js';
export * from './instances.js';
export * from './method-calls.js';
export * from './missing-method-error.js';
