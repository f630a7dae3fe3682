import { availableParallelism } from 'node:os';

export default {
  // jest leaves one core free, which on two cores is half of the time. One of three waits, mostly: for leases that end, for
  // servers, for what npm fetches.
  maxWorkers: Math.max(3, availableParallelism() - 1),
  // What suites leave in a worker's heap is walked through again at each collection: one that has grown begins anew.
  workerIdleMemoryLimit: '700MB',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  testEnvironment: 'node',
  // For machines with other work on them: what hangs is found a little later, what is slow is not taken for it.
  testTimeout: process.env.CI === 'true' ? 120_000 : 30_000,
  // Servers for the tests of stores: a throw-away one is started when a test asks for it, and ended after the run.
  globalSetup: '<rootDir>/test/support/servers/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/servers/global-teardown.mjs',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  // The consumer applications are packages of their own, with their own node_modules.
  modulePathIgnorePatterns: ['<rootDir>/test/packaging/apps/', '<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
