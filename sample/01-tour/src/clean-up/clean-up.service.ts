import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Cron, JobContext } from 'nest-carillon';
import { LessThan, Repository } from 'typeorm';
import { Order } from '../orders/order.entity.js';
import { SentReminder } from '../reminders/sent-reminder.entity.js';

const DAY_MS = 86_400_000;

@Injectable()
export class CleanUpService {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    @InjectRepository(SentReminder) private readonly sent: Repository<SentReminder>,
  ) {}

  /** Fields by name instead of an expression; up to ten minutes later, so that not all services clean at once. */
  @Cron({ dayOfWeek: 'mon-sat', hour: 3, minute: 30 }, { id: 'clean-up', jitter: '10m' })
  async deleteOldRows(job: JobContext): Promise<{ orders: number; reminders: number }> {
    const orders = await this.orders.delete({ importedAt: LessThan(daysBefore(job.fireTime, 90)) });
    const reminders = await this.sent.delete({ sentAt: LessThan(daysBefore(job.fireTime, 30)) });
    return { orders: orders.affected ?? 0, reminders: reminders.affected ?? 0 };
  }
}

function daysBefore(instant: Date, days: number): Date {
  return new Date(instant.getTime() - days * DAY_MS);
}
