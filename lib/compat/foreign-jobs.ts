import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import { Assembly, makeTrigger, SchedulerRegistry } from '../nest/index.js';
import { JobBook } from './job-book.js';
import { Ticks } from './ticks.js';

/** What is used of a job that was made elsewhere, as by the package `cron`. */
export interface ForeignCronJob {
  readonly isActive?: boolean;
  fireOnTick: (...args: never[]) => unknown;
  start: () => void;
  stop: () => unknown;
  errorHandler?: unknown;
  readonly waitForCompletion?: boolean;
  readonly cronTime?: { readonly source?: unknown };
}

/**
 * Lets runs of jobs that fire by their own timers be runs of the scheduler: they have a history and events, and can be
 * paused and removed there.
 */
@Injectable()
export class ForeignJobs {
  private readonly ids = new Map<ForeignCronJob, string>();
  /** Jobs whose ticks make runs here already, and their own tick: one that is added again is not surrounded twice. */
  private readonly own = new WeakMap<ForeignCronJob, () => unknown>();
  private early: Map<ForeignCronJob, () => void> | null = new Map();

  constructor(
    @Inject(Assembly) private readonly assembly: Assembly,
    @Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry,
    @Inject(JobBook) private readonly book: JobBook,
    @Inject(Ticks) private readonly ticks: Ticks,
  ) {}

  /** Jobs of the code have their ids now; those that were added before follow. */
  open(): void {
    const { early } = this;
    this.early = null;
    for (const add of early?.values() ?? []) add();
  }

  /** From now on a tick of the job makes a run. */
  adopt(name: string, job: ForeignCronJob, tell: (error: unknown) => void): void {
    const run = this.own.get(job) ?? this.surround(job, tell);
    this.own.set(job, run);
    if (this.early === null) this.mirror(name, job, run);
    else if (!this.early.has(job)) this.early.set(job, () => this.mirror(name, job, run));
  }

  release(job: ForeignCronJob): void {
    this.early?.delete(job);
    const id = this.ids.get(job);
    if (id === undefined || this.ticks.hasEnded) return;
    this.ids.delete(job);
    this.ticks.quietly(() => this.assembly.scheduler.remove(id));
  }

  /** The job that the scheduler knows under this id; undefined: none was made elsewhere. */
  of(id: string): ForeignCronJob | undefined {
    return [...this.ids].find(([, own]) => own === id)?.[0];
  }

  /** Ticks become runs while the scheduler has the job; answers what such a run calls. */
  private surround(job: ForeignCronJob, tell: (error: unknown) => void): () => unknown {
    const original: () => unknown = job.fireOnTick.bind(job);
    const failures = watchErrors(job, tell);
    job.fireOnTick = async (): Promise<void> => {
      const id = this.ids.get(job);
      if (id === undefined || !this.ticks.isRunning) await this.alone(original, tell);
      else this.ticks.tick(id, job.waitForCompletion !== true);
      await Promise.resolve();
    };
    return () => failures.during(original);
  }

  private mirror(name: string, job: ForeignCronJob, run: () => unknown): void {
    // Under a second name it is the same job.
    if (this.ids.has(job)) return;
    const id = this.book.freeId(name, 'cron');
    const { source } = job.cronTime ?? {};
    const trigger = makeTrigger(
      { kind: 'driven', driver: typeof source === 'string' ? `cron ${source}` : 'one instant' },
      {},
      this.assembly,
    );
    const policy =
      job.waitForCompletion === true
        ? ({ overlap: 'skip', maxInstances: 1 } as const)
        : { overlap: 'allowAll' as const };
    this.ids.set(job, id);
    this.ticks.quietly(() =>
      this.registry.add({ id, name, task: run, trigger, ...policy, store: 'default', replaceExisting: true }),
    );
  }

  /** Before the start and after the stop the job is nobody's but its owner's. */
  private async alone(original: () => unknown, tell: (error: unknown) => void): Promise<void> {
    try {
      await original();
    } catch (error) {
      tell(error);
    }
  }
}

/** What a job's callbacks throw goes to its own handler, and makes the run that they belong to a failed one. */
function watchErrors(job: ForeignCronJob, tell: (error: unknown) => void): { during(run: () => unknown): unknown } {
  const own = job.errorHandler;
  const open = new AsyncLocalStorage<Failures>();
  job.errorHandler = (error: unknown): void => {
    if (typeof own === 'function') (own as (error: unknown) => void)(error);
    const run = open.getStore();
    if (run?.isOpen === true) run.errors.push(error);
    else if (typeof own !== 'function') tell(error);
  };
  return {
    during(run) {
      const failures: Failures = { errors: [], isOpen: true };
      const end = (): void => {
        failures.isOpen = false;
        if (failures.errors.length > 0) throw failures.errors[0];
      };
      const result = open.run(failures, run);
      // Only then does the job wait for its callbacks; those of another may end long after the run.
      if (job.waitForCompletion === true && failures.errors.length === 0) return Promise.resolve(result).then(end);
      end();
      return result;
    },
  };
}

interface Failures {
  readonly errors: unknown[];
  isOpen: boolean;
}
