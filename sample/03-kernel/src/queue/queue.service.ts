import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import type { JobContext } from 'nest-carillon';
import { settings } from '../settings.js';

/** A queue of files: what is done lies in `done`, what could not be done in `failed`. */
@Injectable()
export class QueueService {
  private readonly logger = new Logger(QueueService.name);

  process(job: JobContext): Promise<number> {
    return this.moveAll('orders', job);
  }

  processPayments(job: JobContext): Promise<number> {
    return this.moveAll('payments', job);
  }

  retryFailed(job: JobContext): Promise<number> {
    return this.moveAll('failed', job);
  }

  /** A rename is one step: a second attempt finds what the first one left. */
  private async moveAll(name: string, job: JobContext): Promise<number> {
    const [from, to] = [join(settings.queue, name), join(settings.queue, 'done')];
    await Promise.all([from, to].map((folder) => mkdir(folder, { recursive: true })));
    const items = await readdir(from);
    for (const item of items) {
      job.signal.throwIfAborted();
      await rename(join(from, item), join(to, item));
      this.logger.log(`${name}: ${item}`);
    }
    return items.length;
  }
}
