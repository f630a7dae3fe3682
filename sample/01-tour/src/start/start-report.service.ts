import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { OnSchedulerEvent, SchedulerRegistry } from 'nest-carillon';
import type { Job } from 'nest-carillon';
import { settings } from '../settings.js';
import { compareFireTimes } from './fire-times.js';
import type { Comparison, FireTimes } from './fire-times.js';

const TO_THE_SECOND: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
};

/** Tells at each start what is to come, and whether anything moved or was lost since the last one. */
@Injectable()
export class StartReportService implements OnModuleInit {
  private readonly before = readFireTimes();
  private writing: Promise<void> = Promise.resolve();
  private missed: string[] = [];

  constructor(private readonly scheduler: SchedulerRegistry) {}

  /** No run starts before the application has; until then the store has its jobs as they were left. */
  async onModuleInit(): Promise<void> {
    const now = new Date();
    const jobs = await this.scheduler.list();
    this.missed = jobs.filter(({ nextFireTime }) => nextFireTime !== null && nextFireTime <= now).map(({ id }) => id);
  }

  async text(): Promise<string> {
    const jobs = (await this.scheduler.list()).sort(byFireTime);
    const width = Math.max(...jobs.map(({ id }) => id.length));
    const lines = jobs.map((job) => line(job, width));
    return ['', 'Coming fire times:', ...lines, '', this.sinceLastStart(jobs), ''].join('\n');
  }

  /** Written down with every change, so that it also holds after a power cut. */
  @OnSchedulerEvent(['scheduler.started', 'job.added', 'job.changed', 'job.removed'])
  remember(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    const draft = `${settings.fireTimes}.new`;
    await writeFile(draft, JSON.stringify(fireTimesOf(await this.scheduler.list()), null, 2));
    await rename(draft, settings.fireTimes);
  }

  private sinceLastStart(jobs: Job[]): string {
    if (this.before === null) return 'This is the first start. Stop it with Ctrl+C and start it again.';
    const { lost, moved, added } = compareFireTimes(this.before, fireTimesOf(jobs), new Date());
    const changes = Object.entries({ lost, moved, added } satisfies Comparison)
      .filter(([, ids]) => ids.length > 0)
      .map(([what, ids]) => `${what}: ${ids.join(', ')}`);
    const known = Object.keys(this.before).length;
    const { length: count } = this.missed;
    const due = `${count} came due meanwhile${count === 0 ? '' : ` (${this.missed.join(', ')})`}`;
    return [
      `Since the last start: ${known} jobs known, ${lost.length} lost, ${moved.length} moved, ${due}.`,
      changes.length === 0 ? 'Changed since then: nothing.' : `Changed since then: ${changes.join('; ')}`,
    ].join('\n');
  }
}

function readFireTimes(): FireTimes | null {
  if (!existsSync(settings.fireTimes)) return null;
  return JSON.parse(readFileSync(settings.fireTimes, 'utf8')) as FireTimes;
}

function fireTimesOf(jobs: readonly Job[]): FireTimes {
  return Object.fromEntries(jobs.map((job) => [job.id, job.nextFireTime?.toISOString() ?? null]));
}

function byFireTime(a: Job, b: Job): number {
  return (a.nextFireTime?.getTime() ?? Infinity) - (b.nextFireTime?.getTime() ?? Infinity);
}

function line(job: Job, width: number): string {
  return `  ${fireTimeOf(job).padEnd(27)} ${job.id.padEnd(width)} ${job.trigger.description}`;
}

function fireTimeOf(job: Job): string {
  if (job.nextFireTime === null) return job.status;
  if (job.nextFireTime <= new Date()) return 'now, it came due meanwhile';
  return job.nextFireTime.toLocaleString('sv-SE', { ...TO_THE_SECOND, timeZone: job.timezone });
}
