import { Injectable } from '@nestjs/common';
import { ConsoleCommand, SchedulerRegistry } from 'nest-carillon';
import type { JobContext } from 'nest-carillon';

@Injectable()
export class ReportsService {
  constructor(private readonly scheduler: SchedulerRegistry) {}

  /** A method of a provider, and a console command: the schedule may use it as either. */
  @ConsoleCommand('reports:send')
  async send(kind: string, job: JobContext): Promise<void> {
    const { runs } = await this.scheduler.runs({ state: 'failed', limit: 100 });
    job.logger.log(`${kind} report: ${runs.length} failed runs`);
  }
}
