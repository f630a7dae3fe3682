import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, JobContext, SchedulerModule, SchedulerRegistry } from 'nest-carillon';

@Injectable()
export class Chimes {
  private readonly rung = new Map<string, { fireTime: string; context: boolean }>();
  private tell!: () => void;
  readonly allRung = new Promise<void>((resolve) => (this.tell = resolve));

  @Cron('* * * * * *', { id: 'cron' })
  onTheSecond(job: JobContext) {
    this.note('cron', job);
  }

  @Interval('200ms', { id: 'interval' })
  often(job: JobContext) {
    this.note('interval', job);
  }

  ran() {
    return Object.fromEntries(this.rung);
  }

  private note(name: string, job: JobContext) {
    console.log(`${name} ran for ${job.fireTime.toISOString()}`);
    this.rung.set(name, { fireTime: job.fireTime.toISOString(), context: job instanceof JobContext });
    if (this.rung.size === 2) this.tell();
  }
}

@Module({ imports: [SchedulerModule.forRoot({ timezone: 'Europe/Berlin', log: 'failures' })], providers: [Chimes] })
export class AppModule {}

async function main() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const jobs = (await app.get(SchedulerRegistry).list()).map((job) => job.id);
  const chimes = app.get(Chimes);
  await chimes.allRung;
  await app.close();
  // Nothing ends the process here: it must end by itself, because close() left no timer.
  console.log(JSON.stringify({ jobs: [...jobs].sort(), ran: chimes.ran() }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
