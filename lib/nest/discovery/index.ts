export * from './decorated-methods.js';
export * from './hosts.js';
export * from './peer-metadata.js';
export * from './providers.js';
