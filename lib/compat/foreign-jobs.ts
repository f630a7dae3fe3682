import { Inject, Injectable } from '@nestjs/common';
import { isError } from '../core/index.js';
import { Assembly, isShared, makeTrigger, SchedulerRegistry } from '../nest/index.js';
import { watchFailures } from './foreign-failures.js';
import { ForeignTimes } from './foreign-times.js';
import { JobBook } from './job-book.js';
import { Ticks } from './ticks.js';
import type { ForeignCronJob } from './foreign-cron-job.js';

const WAITING = { overlap: 'skip', maxInstances: 1 } as const;
const FREE = { overlap: 'allowAll' } as const;
const LONGEST_ID = 200;

/**
 * Lets runs of jobs that fire by their own timers be runs of the scheduler: they have a history and events, and can be
 * paused and removed there.
 */
@Injectable()
export class ForeignJobs {
  private readonly ids = new Map<ForeignCronJob, string>();
  /** Jobs whose ticks make runs here already, and their own tick: one that is added again is not surrounded twice. */
  private readonly own = new WeakMap<ForeignCronJob, () => unknown>();
  private readonly times = new WeakMap<ForeignCronJob, ForeignTimes>();
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
    if (id === undefined) return;
    this.ids.delete(job);
    if (this.ticks.hasEnded) return;
    this.ticks.drive(id, null);
    this.ticks.quietly(() => this.assembly.scheduler.remove(id));
  }

  /** The job that the scheduler knows under this id; undefined: none was made elsewhere. */
  of(id: string): ForeignCronJob | undefined {
    return [...this.ids].find(([, own]) => own === id)?.[0];
  }

  /** Ticks become runs while the scheduler has the job; answers what such a run calls. */
  private surround(job: ForeignCronJob, tell: (error: unknown) => void): () => unknown {
    const original: () => unknown = job.fireOnTick.bind(job);
    const failures = watchFailures(job, tell);
    const times = new ForeignTimes(job);
    this.times.set(job, times);
    job.fireOnTick = async (): Promise<void> => {
      const id = this.ids.get(job);
      const fireTime = times.tickedBy(this.assembly.clock.now());
      // While the application closes nothing begins any more.
      if (id !== undefined && this.ticks.hasEnded) return;
      if (id === undefined || !this.ticks.isRunning) await this.alone(original, tell);
      else if (fireTime === null) this.ticks.run(id, job.waitForCompletion !== true);
      else this.ticks.tick(id, { fireTime, isLast: false });
      await Promise.resolve();
    };
    return () => failures.during(original);
  }

  private mirror(name: string, job: ForeignCronJob, run: () => unknown): void {
    // Under a second name it is the same job.
    if (this.ids.has(job)) return;
    const { assembly, ticks } = this;
    const { stores } = assembly.options;
    const store = Object.keys(stores).find((alias) => !isShared(stores[alias]));
    if (store === undefined) return this.notShown(name, 'it is a function of this process, and all stores are shared');
    const { source } = job.cronTime ?? {};
    const driver = typeof source === 'string' ? `cron ${source}` : 'one instant';
    const trigger = makeTrigger({ kind: 'driven', driver }, {}, assembly);
    const policy = job.waitForCompletion === true ? WAITING : FREE;
    const id = this.idFor(name);
    this.ids.set(job, id);
    ticks.drive(id, this.times.get(job) ?? null);
    const added = this.registry.add({ id, ...(isText(name) && { name }), task: run, trigger, ...policy, store });
    added.catch((error: unknown) => {
      this.forget(job, id);
      this.notShown(name, messageOf(error));
    });
    // A store in memory has it by now, or never will.
    if (this.found(id) === null) this.forget(job, id);
  }

  /** Any name is allowed here; as an id it must be text, and no other job's. */
  private idFor(name: string): string {
    const text = name.replace(/\p{Cc}/gu, ' ').slice(0, LONGEST_ID - 20);
    const wanted = isText(name) ? name : `cron:${text}`.trim();
    return this.book.freeId(wanted, 'cron', (id) => (this.found(id) ?? null) !== null);
  }

  /** What this process knows at once about a job of that id. */
  private found(id: string): unknown {
    const found = this.assembly.scheduler.get(id);
    if (!(found instanceof Promise)) return found;
    found.catch(() => undefined);
    return undefined;
  }

  private forget(job: ForeignCronJob, id: string): void {
    if (this.ids.get(job) !== id) return;
    this.ids.delete(job);
    this.ticks.drive(id, null);
  }

  private notShown(name: string, why: string): void {
    this.assembly.complain(
      new Error(`Cron job "${name}" runs by its own timer, without history or the scheduler's pause: ${why}`),
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

/** Good for an id as it is. */
function isText(name: string): boolean {
  return name.trim() === name && name !== '' && name.length <= LONGEST_ID && !/\p{Cc}/u.test(name);
}

function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
