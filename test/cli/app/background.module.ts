import { Injectable, Module } from '@nestjs/common';
import { once } from 'node:events';
import { appendFileSync, openSync } from 'node:fs';
import { Cron, type JobContext, SchedulerModule } from '../../../lib/index.js';

/** Holds the line as long as this process lives, and is at work until SIGUSR2 says that it is done, or it is to stop. */
@Injectable()
export class SlowService {
  @Cron('* * * * *', { id: 'slow', runInBackground: process.env['CLI_BACKGROUND'] === 'true' })
  async slow(job: JobContext): Promise<void> {
    const line = openSync(process.env['CLI_LINE']!, 'a');
    const done = once(process, 'SIGUSR2');
    appendFileSync(line, `begun ${process.pid}\n`);
    await Promise.race([done, once(job.signal, 'abort')]);
    appendFileSync(line, job.signal.aborted ? 'stopped\n' : 'ended\n');
  }
}

@Module({
  imports: [SchedulerModule.forRoot({ application: 'background', shutdownTimeout: 0 })],
  providers: [SlowService],
})
export class AppModule {}
