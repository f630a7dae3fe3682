import { cpSync, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Interval, JobContext } from 'nest-carillon';
import { Repository } from 'typeorm';
import { settings } from '../settings.js';
import { Order } from './order.entity.js';
import { readOrders } from './read-orders.js';

const ROWS_A_STATEMENT = 500;

/** Imports the CSV files that appear in the inbox; each then moves to `done` or to `errors`. */
@Injectable()
export class OrderFilesService implements OnModuleInit {
  private readonly done = join(settings.inbox, 'done');
  private readonly errors = join(settings.inbox, 'errors');

  constructor(@InjectRepository(Order) private readonly orders: Repository<Order>) {}

  async onModuleInit(): Promise<void> {
    if (!existsSync(settings.inbox)) cpSync(settings.shippedFiles, settings.inbox, { recursive: true });
    await mkdir(this.done, { recursive: true });
    await mkdir(this.errors, { recursive: true });
  }

  /** One instance at a time, on all processes together: no file is imported by two. What it returns is in the history. */
  @Interval('5s', { id: 'import-orders', maxInstances: 1, timeout: '1m', history: { count: 100 } })
  async importFiles(job: JobContext): Promise<Record<string, string>> {
    const files = (await readdir(settings.inbox)).filter((name) => name.endsWith('.csv')).sort();
    const results: Record<string, string> = {};
    for (const name of files) {
      job.signal.throwIfAborted();
      results[name] = await this.importFile(name, job);
    }
    return results;
  }

  private async importFile(name: string, job: JobContext): Promise<string> {
    const path = join(settings.inbox, name);
    try {
      const orders = readOrders(await readFile(path, 'utf8'));
      await this.save(orders.map((order) => ({ ...order, importedAt: job.fireTime })));
      await rename(path, join(this.done, name));
      job.logger.log(`${name}: ${orders.length} orders`);
      return `${orders.length} orders`;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await writeFile(join(this.errors, `${name}.txt`), `${reason}\n`);
      await rename(path, join(this.errors, name));
      job.logger.warn(`${name}: refused, see ${this.errors}`);
      return `refused: ${reason}`;
    }
  }

  /** By order id, so that a file whose import was cut short may be imported again. */
  private async save(orders: Order[]): Promise<void> {
    for (let from = 0; from < orders.length; from += ROWS_A_STATEMENT) {
      await this.orders.upsert(orders.slice(from, from + ROWS_A_STATEMENT), ['id']);
    }
  }
}
