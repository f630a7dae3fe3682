import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { JobContext } from 'nest-carillon';
import { Repository } from 'typeorm';
import { SentReminder } from './sent-reminder.entity.js';

@Injectable()
export class ReminderService {
  constructor(@InjectRepository(SentReminder) private readonly sent: Repository<SentReminder>) {}

  /** A crash may cause a second attempt, so it writes by id: one row, however often it is called. */
  async send(userId: string, text: string, job: JobContext): Promise<void> {
    await this.sent.upsert({ id: job.jobId, userId, text, dueAt: job.fireTime, sentAt: new Date() }, ['id']);
    job.logger.log(`to ${userId}: ${text}`);
  }
}
