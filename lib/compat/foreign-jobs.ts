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
  readonly cronTime?: { readonly source?: unknown };
}

/**
 * Lets runs of jobs that fire by their own timers be runs of the scheduler: they have a history and events, and can be
 * paused and removed there.
 */
@Injectable()
export class ForeignJobs {
  private readonly ids = new Map<ForeignCronJob, string>();
  private early: (() => void)[] | null = [];

  constructor(
    @Inject(Assembly) private readonly assembly: Assembly,
    @Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry,
    @Inject(JobBook) private readonly book: JobBook,
    @Inject(Ticks) private readonly ticks: Ticks,
  ) {}

  /** Jobs of the code have their ids now; those that were added before follow. */
  open(): void {
    const early = this.early ?? [];
    this.early = null;
    for (const add of early) add();
  }

  /** From now on a tick of the job makes a run. */
  adopt(name: string, job: ForeignCronJob, tell: (error: unknown) => void): void {
    const original: () => unknown = job.fireOnTick.bind(job);
    const failures = watchErrors(job, tell);
    job.fireOnTick = async (): Promise<void> => {
      const id = this.ids.get(job);
      if (id === undefined || !this.ticks.isRunning) await this.alone(original, tell);
      else this.ticks.tick(id, true);
      await Promise.resolve();
    };
    const add = (): void => this.mirror(name, job, () => failures.during(original));
    if (this.early === null) add();
    else this.early.push(add);
  }

  release(job: ForeignCronJob): void {
    const id = this.ids.get(job);
    if (id === undefined || !this.ticks.isRunning) return;
    this.ids.delete(job);
    this.ticks.quietly(() => this.assembly.scheduler.remove(id));
  }

  /** The job that the scheduler knows under this id; undefined: none was made elsewhere. */
  of(id: string): ForeignCronJob | undefined {
    return [...this.ids].find(([, own]) => own === id)?.[0];
  }

  private mirror(name: string, job: ForeignCronJob, run: () => unknown): void {
    const id = this.book.freeId(name, 'cron');
    const { source } = job.cronTime ?? {};
    const trigger = makeTrigger(
      { kind: 'driven', driver: typeof source === 'string' ? `cron ${source}` : 'one instant' },
      {},
      this.assembly,
    );
    this.ids.set(job, id);
    this.ticks.quietly(() =>
      this.registry.add({ id, name, task: run, trigger, overlap: 'allowAll', store: 'default', replaceExisting: true }),
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
  let failed: unknown[] | null = null;
  job.errorHandler = (error: unknown): void => {
    if (typeof own === 'function') (own as (error: unknown) => void)(error);
    if (failed !== null) failed.push(error);
    else if (typeof own !== 'function') tell(error);
  };
  return {
    during(run) {
      const seen: unknown[] = [];
      failed = seen;
      let result: unknown;
      try {
        result = run();
      } finally {
        failed = null;
      }
      if (seen.length > 0) throw seen[0];
      return result;
    },
  };
}
