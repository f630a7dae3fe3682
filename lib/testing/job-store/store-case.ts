import type { ExpectFunction } from '../test-runner.js';
import type { StoreWorld } from './store-world.js';

/** What some stores can do and others need not; a case that needs it is skipped elsewhere, with this reason. */
export const NEEDS = {
  reopen: 'it forgets everything when it closes',
  second: 'only one process can use it',
  corrupt: 'its rows cannot be damaged from outside',
  fault: 'it has no steps between which it could fail',
} as const;

export type Need = keyof typeof NEEDS;

/** More worlds, for cases that need them. */
export interface StoreLab {
  /** Another node on the same place. */
  second(application?: string): Promise<StoreWorld>;
  /** The same place, after the store was closed. */
  reopen(): Promise<StoreWorld>;
  /** Makes the job's row unreadable. */
  corrupt(jobId: string): Promise<void>;
  /** A new place whose `step`-th step fails, once; `steps` counts those that were taken. */
  faulty(step: number): Promise<{ readonly world: StoreWorld; arm: () => void; steps: () => number }>;
}

/** One promise of the contract. */
export interface StoreCase {
  readonly name: string;
  readonly needs?: Need;
  run(world: StoreWorld, expect: ExpectFunction, lab: StoreLab): Promise<void>;
}

export interface StoreCaseGroup {
  readonly name: string;
  readonly cases: readonly StoreCase[];
}
