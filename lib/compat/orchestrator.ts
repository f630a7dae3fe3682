import { Inject, Injectable } from '@nestjs/common';
import { startNativeTimeout } from '../core/index.js';
import { CronJob } from './cron-job.js';
import { ForeignJobs } from './foreign-jobs.js';
import { Handles } from './handles.js';
import { JobBook } from './job-book.js';
import { SchedulerRegistry } from './scheduler.registry.js';
import { Ticks } from './ticks.js';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import type { EventType, NativeTimer, SchedulerFact } from '../core/index.js';
import type { CronJobSite } from './cron-job.js';
import type { PlannedJob } from './planned-job.js';

/** Events after which a job fires again, or no more. */
const ACTIVITY: readonly (readonly [EventType, boolean])[] = [
  ['job.resumed', true],
  ['job.paused', false],
  ['job.quarantined', false],
  ['job.finished', false],
  ['job.removed', false],
];

/** Fills the registry when the application starts, sets the timers that it hands out, and clears all of it at the end. */
@Injectable()
export class Orchestrator implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly delays: NativeTimer[] = [];
  @Inject(Handles)
  private readonly handles!: Handles;

  constructor(
    @Inject(JobBook) private readonly book: JobBook,
    @Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry,
    @Inject(ForeignJobs) private readonly foreign: ForeignJobs,
    @Inject(Ticks) private readonly ticks: Ticks,
  ) {}

  /** The jobs are in their stores by now. */
  onModuleInit(): void {
    this.listen();
    for (const job of this.book.planned) if (job.kind === 'cron') this.register(job);
    this.foreign.open();
  }

  /** Timers are set first; the scheduler itself starts after every other module. */
  onApplicationBootstrap(): void {
    if (!this.book.assembly.options.enabled) return;
    const { planned } = this.book;
    for (const job of planned) if (job.kind === 'timeout') this.registry.addTimeout(job.name, this.handles.start(job));
    for (const job of planned)
      if (job.kind === 'interval') this.registry.addInterval(job.name, this.handles.start(job));
    for (const job of planned) if (job.kind === 'cron') this.begin(job);
  }

  beforeApplicationShutdown(): void {
    const { registry } = this;
    for (const name of registry.getTimeouts()) registry.deleteTimeout(name);
    for (const name of registry.getIntervals()) registry.deleteInterval(name);
    for (const timer of this.delays) clearTimeout(timer);
    for (const name of [...registry.getCronJobs().keys()]) registry.deleteCronJob(name);
  }

  private listen(): void {
    const { events } = this.book.assembly;
    for (const [type, isActive] of ACTIVITY) events.on(type, (fact) => this.follow(fact, isActive));
    events.on('run.skipped', ({ run }) => {
      if (run?.kind === 'scheduled' && run.reason === 'overlap') this.book.cronJob(run.jobId)?.ticked(run.fireTime);
    });
  }

  private follow({ type, job }: SchedulerFact, isActive: boolean): void {
    if (job === null) return;
    const stays = type === 'job.paused' || type === 'job.quarantined';
    this.book.cronJob(job.id)?.followed(isActive && job.status === 'active', stays);
    if (type === 'job.removed') void this.foreign.of(job.id)?.stop();
  }

  private register(job: PlannedJob): void {
    const { ticks, book } = this;
    const { assembly } = book;
    const site: CronJobSite = { assembly, ticks, times: book.times, tell: (_name, error) => assembly.complain(error) };
    const options = { ...job.note.peer, name: job.name };
    const cronJob = new CronJob({ id: job.id, options, time: job.time!, isNative: job.isNative }, site);
    book.keep(job.id, cronJob);
    this.registry.addCronJob(job.name, cronJob);
    if (job.isShared) return;
    if (job.note.peer.disabled === true) ticks.pause(job.id, 'disabled: true');
    else if (delayOf(job) > 0) ticks.pause(job.id, `initialDelay: ${delayOf(job)} ms`);
  }

  private begin(job: PlannedJob): void {
    const cronJob = this.book.cronJob(job.id)!;
    if (job.note.peer.disabled === true) return;
    if (delayOf(job) > 0) {
      // Deleted meanwhile, or replaced by another of its name, it stays stopped.
      const start = (): void => {
        if (this.registry.getCronJobs().get(job.name) === cronJob) cronJob.start();
      };
      this.delays.push(startNativeTimeout(delayOf(job), start));
      return;
    }
    const found = this.book.assembly.scheduler.get(job.id);
    if (!(found instanceof Promise)) cronJob.begin(isPaused(found));
    else this.ticks.quietly(() => found.then((later) => cronJob.begin(isPaused(later))));
  }
}

function delayOf({ note }: PlannedJob): number {
  return note.peer.initialDelay ?? 0;
}

type Found = Awaited<ReturnType<JobBook['assembly']['scheduler']['get']>>;

function isPaused(found: Found): boolean {
  return found === null || found.job.pause !== null || found.job.status !== 'active';
}
