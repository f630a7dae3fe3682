/** Samples of docs/guides/cluster.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Cron, JobContext, SchedulerModule } from '../../lib/index.js';
import { startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
const folder = mkdtempSync(join(tmpdir(), 'carillon-guide-'));
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('cluster guide', () => {
  it('a shared store and a handler that can be repeated', async () => {
    const invoiced: string[] = [];

    @Injectable()
    class Customers {
      withoutInvoice(_day: Date) {
        return Promise.resolve(['ada', 'priya'].filter((it) => !invoiced.includes(it)));
      }

      invoice(customer: string, _day: Date) {
        invoiced.push(customer);
        return Promise.resolve();
      }
    }

    @Injectable()
    class Invoices {
      constructor(private readonly customers: Customers) {}

      @Cron('0 2 * * *', { id: 'invoices', onOneServer: true })
      async write(job: JobContext) {
        for (const customer of await this.customers.withoutInvoice(job.fireTime)) {
          job.signal.throwIfAborted(); // another process may have this run by now
          await this.customers.invoice(customer, job.fireTime); // once for each customer and fire time
        }
      }
    }

    const scheduler = SchedulerModule.forRoot({
      application: 'shop',
      stores: { db: { type: 'typeorm' } }, // the application's DataSource
      lease: '10s', // how long a dead process is waited for
      shutdownTimeout: '25s', // how long a stopping one may finish its runs
    });
    const database = TypeOrmModule.forRoot({ type: 'better-sqlite3', database: join(folder, 'app.db') });
    guide = await startGuide({ imports: [database, scheduler], providers: [Customers, Invoices] });
    await guide.tester.travel('1d');

    expect(invoiced).toEqual(['ada', 'priya']);
    expect((await guide.registry.get('invoices'))?.store).toBe('db');
  });
});
