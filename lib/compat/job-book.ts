import { Inject, Injectable } from '@nestjs/common';
import { Assembly } from '../nest/index.js';
import type { JobContext } from '../core/index.js';
import type { CronTimeSite } from './cron-time.js';
import type { CronJob } from './cron-job.js';
import type { PeerKind } from './peer-note.js';
import type { PlannedJob } from './planned-job.js';

/** Jobs of decorated methods, by the names of this entry and by the ids of the scheduler. */
@Injectable()
export class JobBook {
  readonly planned: PlannedJob[] = [];
  readonly times: CronTimeSite;
  private readonly ids = new Set<string>();
  private readonly names = new Set<string>();
  private readonly cronJobs = new Map<string, CronJob>();

  constructor(@Inject(Assembly) readonly assembly: Assembly) {
    const { clock, calendars, options } = assembly;
    this.times = { clock, calendars, timezone: options.timezone };
  }

  plan(job: PlannedJob): void {
    this.planned.push(job);
    this.ids.add(job.id);
    this.names.add(`${job.kind} ${job.name}`);
  }

  has(kind: PeerKind, name: string): boolean {
    return this.names.has(`${kind} ${name}`);
  }

  /** An id that no job has: the one that is wanted, else with its kind before it, else with a number behind it. */
  freeId(wanted: string, kind?: PeerKind, isTaken: (id: string) => boolean = () => false): string {
    const isFree = (id: string): boolean => !this.ids.has(id) && !isTaken(id);
    if (isFree(wanted)) return wanted;
    const apart = kind === undefined || wanted.startsWith(`${kind}:`) ? wanted : `${kind}:${wanted}`;
    if (isFree(apart)) return apart;
    for (let number = 2; ; number++) if (isFree(`${apart}#${number}`)) return `${apart}#${number}`;
  }

  keep(id: string, job: CronJob): void {
    this.cronJobs.set(id, job);
  }

  cronJob(id: string | undefined): CronJob | undefined {
    return id === undefined ? undefined : this.cronJobs.get(id);
  }

  /** Calls the method of a run, and what its cron job adds around it. */
  around(context: JobContext, call: (context: JobContext) => unknown): unknown {
    const job = this.cronJobs.get(context.jobId);
    return job === undefined ? call(context) : job.around(context, () => call(context));
  }
}
