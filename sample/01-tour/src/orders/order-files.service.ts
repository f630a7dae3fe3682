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
import { readOrders, type NewOrder } from './read-orders.js';

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

  /** What the database or the disk refuses is no fault of the file: then the run fails, and the next one tries again. */
  private async importFile(name: string, job: JobContext): Promise<string> {
    const path = join(settings.inbox, name);
    const orders = ordersOrFault(await readFile(path, 'utf8'));
    if (typeof orders === 'string') return this.refuse(name, orders, job);
    await this.save(orders.map((order) => ({ ...order, importedAt: job.fireTime })));
    await rename(path, join(this.done, name));
    job.logger.log(`${name}: ${orders.length} orders`);
    return `${orders.length} orders`;
  }

  private async refuse(name: string, fault: string, job: JobContext): Promise<string> {
    await writeFile(join(this.errors, `${name}.txt`), `${fault}\n`);
    await rename(join(settings.inbox, name), join(this.errors, name));
    job.logger.warn(`${name}: refused, see ${this.errors}`);
    return `refused: ${fault}`;
  }

  /** By order id, so that a file whose import was cut short may be imported again. */
  private async save(orders: Order[]): Promise<void> {
    for (let from = 0; from < orders.length; from += ROWS_A_STATEMENT) {
      await this.orders.upsert(orders.slice(from, from + ROWS_A_STATEMENT), ['id']);
    }
  }
}

function ordersOrFault(text: string): NewOrder[] | string {
  try {
    return readOrders(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
