export * from './bare-calls.js';
export * from './context-id.js';
export * from './enhanced-calls.js';
export * from './instances.js';
export * from './method-calls.js';
export * from './missing-method-error.js';
export * from './hook-book.js';
export * from './unknown-hook-error.js';
