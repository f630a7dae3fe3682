import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { at, SchedulerRegistry } from 'nest-carillon';
import type { Job } from 'nest-carillon';
import { Repository } from 'typeorm';
import { NewReminder, ReminderPipe } from './reminder.pipe.js';
import { ReminderService } from './reminder.service.js';
import { SentReminder } from './sent-reminder.entity.js';

const TAG = 'reminder';

/** Each reminder is a job of its own in the database: it survives restarts, and runs once however many processes there are. */
@Controller('reminders')
export class RemindersController {
  constructor(
    private readonly scheduler: SchedulerRegistry,
    @InjectRepository(SentReminder) private readonly sent: Repository<SentReminder>,
  ) {}

  @Post()
  async add(@Body(ReminderPipe) reminder: NewReminder) {
    // The compiler checks `args` against the parameters of `send`.
    const job = await this.scheduler.schedule(ReminderService, 'send', {
      id: `reminder-${randomUUID()}`,
      trigger: at(reminder.at),
      args: [reminder.userId, reminder.text],
      tags: [TAG],
      retry: { attempts: 5, backoff: 'exponential', delay: '10s' },
    });
    return view(job);
  }

  @Get()
  async list() {
    const jobs = await this.scheduler.list({ tag: TAG, limit: 1000 });
    const sent = await this.sent.find({ order: { sentAt: 'DESC' }, take: 100 });
    return { waiting: jobs.filter((job) => job.status === 'active').map(view), sent };
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string): Promise<void> {
    const job = await this.scheduler.get(id);
    if (!job?.tags.includes(TAG)) throw new NotFoundException(`There is no reminder "${id}".`);
    await this.scheduler.remove(id);
  }
}

function view(job: Job) {
  const [userId, text] = job.args;
  return { id: job.id, userId, text, at: job.nextFireTime };
}
