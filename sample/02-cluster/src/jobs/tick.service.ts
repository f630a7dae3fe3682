import { Injectable, Logger } from '@nestjs/common';
import { Interval, JobContext } from 'nest-carillon';
import { settings } from '../settings.js';

/** What a handler leaves behind: a run keeps it in its history. */
export interface RanOn {
  readonly ranOn: string;
}

@Injectable()
export class TickService {
  private readonly log = new Logger(settings.name);

  /** Every two seconds, on whichever process is first. */
  @Interval('2s', { id: 'tick' })
  tick(job: JobContext): RanOn {
    this.log.log(`tick of ${job.fireTime.toISOString()}`);
    return { ranOn: settings.name };
  }
}
