import type { Awaitable, Clock, Store } from '../core/index.js';
import { CHANGE_CASES, CANCEL_CASES, WITHDRAW_CASES } from './job-store/change-cases.js';
import { CLAIM_CASES, LEFT_ALONE_CASES } from './job-store/claim-cases.js';
import { DATA_CASES } from './job-store/data-cases.js';
import { DURABLE_CASES, FAULT_CASES, SECOND_CASES } from './job-store/durable-cases.js';
import { ENTER_CASES, LIST_CASES } from './job-store/enter-cases.js';
import { HISTORY_CASES, NODE_CASES } from './job-store/history-cases.js';
import { LEASE_CASES, WAITING_CASES } from './job-store/lease-cases.js';
import { PLAN_CASES } from './job-store/plan-cases.js';
import { ALIAS_CASES, PUT_CASES } from './job-store/put-cases.js';
import { SETTLE_CASES } from './job-store/settle-cases.js';
import { NEEDS } from './job-store/store-case.js';
import type { Need, StoreCase, StoreCaseGroup, StoreLab } from './job-store/store-case.js';
import { StoreWorld, T0 } from './job-store/store-world.js';
import { TRACELESS_CASES } from './job-store/traceless-cases.js';
import { ManualClock } from './manual-clock.js';
import { testRunner } from './test-runner.js';

/** What a store is made with for one case. */
export interface ContractStoreOptions {
  readonly clock: Clock;
  readonly application: string;
  /** A store with steps of its own calls it before each, by any name; it throws where a case wants a failure. */
  readonly fault: (step: string) => void;
}

/** How the contract gets at a store. Cases that need what is not given are skipped, with the reason. */
export interface JobStoreContract {
  /** A new, empty place, and a store on it; the suite opens it. */
  create(options: ContractStoreOptions): Awaitable<Store>;
  /** Another store on the same place; the application may differ. */
  second?(store: Store, options: ContractStoreOptions): Awaitable<Store>;
  /** A store on the same place as `store`, which the suite has closed. */
  reopen?(store: Store): Awaitable<Store>;
  /** Makes the row of a job unreadable, past the store. */
  corrupt?(store: Store, jobId: string): Awaitable<void>;
  /** true: the store calls `fault`. */
  readonly hasFaults?: boolean;
  /** After a case, in place of `close`, once for each store. */
  destroy?(store: Store): Awaitable<void>;
  /** Names of cases that do not apply, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

const GROUPS: readonly StoreCaseGroup[] = [
  PUT_CASES,
  ALIAS_CASES,
  CHANGE_CASES,
  WITHDRAW_CASES,
  CANCEL_CASES,
  ENTER_CASES,
  LIST_CASES,
  CLAIM_CASES,
  LEFT_ALONE_CASES,
  PLAN_CASES,
  LEASE_CASES,
  WAITING_CASES,
  SETTLE_CASES,
  TRACELESS_CASES,
  HISTORY_CASES,
  NODE_CASES,
  DATA_CASES,
  DURABLE_CASES,
  SECOND_CASES,
  FAULT_CASES,
];

const APPLICATION = 'contract';

/**
 * The contract of a job store: one test for each promise of `JobStore`, `RunHistory` and `NodeRegistry`, for any store.
 * Each case gets a new store. Needs the test runner's global `describe`, `it` and `expect`.
 *
 * @throws {MissingTestRunnerError} when those are not there
 * @example describeJobStore('my store', { create: ({ clock }) => createMyStore({ clock, url: newDatabase() }) });
 */
export function describeJobStore(name: string, contract: JobStoreContract): void {
  const { describe, it, expect } = testRunner('describeJobStore');
  describe(`${name} keeps the contract of a job store`, () => {
    for (const group of GROUPS) {
      describe(group.name, () => {
        for (const one of group.cases) {
          const reason = reasonToSkip(one, contract);
          if (reason !== null) it.skip(`${one.name} (skipped: ${reason})`, () => undefined);
          else it(one.name, () => inLab(contract, (lab, world) => one.run(world, expect, lab)));
        }
      });
    }
  });
}

function reasonToSkip(one: StoreCase, contract: JobStoreContract): string | null {
  const stated = contract.skip?.[one.name];
  if (stated !== undefined) return stated;
  return one.needs === undefined || provides(contract, one.needs) ? null : NEEDS[one.needs];
}

function provides(contract: JobStoreContract, need: Need): boolean {
  return need === 'fault' ? contract.hasFaults === true : contract[need] !== undefined;
}

async function inLab(
  contract: JobStoreContract,
  work: (lab: StoreLab, world: StoreWorld) => Promise<void>,
): Promise<void> {
  const lab = new ContractLab(contract);
  try {
    await work(lab, await lab.first());
  } finally {
    await lab.clear();
  }
}

class ContractLab implements StoreLab {
  private readonly clock = new ManualClock(T0);
  private readonly opened: Store[] = [];
  private store!: Store;

  constructor(private readonly contract: JobStoreContract) {}

  async first(): Promise<StoreWorld> {
    this.store = await this.contract.create(this.options());
    return this.open(this.store);
  }

  async second(application = APPLICATION): Promise<StoreWorld> {
    return this.open(await this.contract.second!(this.store, this.options(application)));
  }

  async reopen(): Promise<StoreWorld> {
    await this.store.jobs.close();
    return this.open(await this.contract.reopen!(this.store));
  }

  async corrupt(jobId: string): Promise<void> {
    await this.contract.corrupt!(this.store, jobId);
  }

  async faulty(step: number): Promise<{ world: StoreWorld; arm: () => void; steps: () => number }> {
    let taken = 0;
    let isArmed = false;
    const fault = (name: string): void => {
      if (!isArmed) return;
      taken++;
      if (taken === step) throw new Error(`failure injected before step ${step} (${name})`);
    };
    const store = await this.contract.create({ ...this.options(), fault });
    const arm = (): void => {
      isArmed = true;
    };
    return { world: await this.open(store), arm, steps: () => taken };
  }

  async clear(): Promise<void> {
    for (const store of new Set(this.opened.reverse())) {
      if (this.contract.destroy) await this.contract.destroy(store);
      else await store.jobs.close();
    }
  }

  private async open(store: Store): Promise<StoreWorld> {
    this.opened.push(store);
    await store.jobs.open();
    return new StoreWorld(store);
  }

  private options(application = APPLICATION): ContractStoreOptions {
    return { clock: this.clock, application, fault: () => undefined };
  }
}
