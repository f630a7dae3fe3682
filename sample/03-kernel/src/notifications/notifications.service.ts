import { Injectable } from '@nestjs/common';
import type { JobContext } from 'nest-carillon';
import { settings } from '../settings.js';

@Injectable()
export class NotificationsService {
  send(job: JobContext) {
    job.logger.log('nothing to tell anybody');
  }

  /** By the clocks of the job's zone, not by those of the machine. */
  isBusinessHours(job: JobContext): boolean {
    const hour = Number(
      new Intl.DateTimeFormat('en-GB', { hour: '2-digit', timeZone: job.timezone }).format(job.fireTime),
    );
    return settings.businessHours.from <= hour && hour <= settings.businessHours.to;
  }
}
