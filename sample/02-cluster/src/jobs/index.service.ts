import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Interval, JobContext } from 'nest-carillon';
import { settings } from '../settings.js';
import type { RanOn } from './tick.service.js';

const STEPS = 5;

@Injectable()
export class IndexService {
  private readonly log = new Logger(settings.name);

  /**
   * Takes five seconds. When its process dies in the middle, another one makes a second attempt, and if its lease is lost
   * the signal ends it: so it may be begun twice, and does no harm by that.
   */
  @Interval('10s', { id: 'index' })
  async index(job: JobContext): Promise<RanOn> {
    for (let step = 1; step <= STEPS; step++) {
      this.log.log(`index of ${job.fireTime.toISOString()}, attempt ${job.attempt}, step ${step} of ${STEPS}`);
      await sleep(1_000, undefined, { signal: job.signal });
    }
    return { ranOn: settings.name };
  }
}
