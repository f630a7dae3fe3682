import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Cron, JobContext } from 'nest-carillon';
import { Between, LessThan, Repository } from 'typeorm';
import { Order } from '../orders/order.entity.js';
import { settings } from '../settings.js';
import { Report } from './report.entity.js';

@Injectable()
export class ReportsService {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    @InjectRepository(Report) private readonly reports: Repository<Report>,
  ) {}

  /**
   * At two in the night by Berlin's clocks, once on each day of the year, also on the one that has no two o'clock. Was the
   * machine off at that time, it is made up for when it starts, but not in business hours.
   */
  @Cron('0 2 * * *', { id: 'nightly-report', timezone: 'Europe/Berlin', misfireGraceTime: '5h' })
  async writeNightly(job: JobContext): Promise<string> {
    const until = job.fireTime;
    const [last] = await this.reports.find({ where: { until: LessThan(until) }, order: { until: 'DESC' }, take: 1 });
    const from = last?.until ?? new Date(0);
    const orders = await this.orders.find({ where: { importedAt: Between(new Date(from.getTime() + 1), until) } });
    const report: Report = { until, from, orders: orders.length, revenue: revenueOf(orders), file: fileOf(job) };
    await mkdir(settings.reports, { recursive: true });
    await writeFile(join(settings.reports, report.file), textOf(report, orders));
    await this.reports.save(report);
    return report.file;
  }
}

function revenueOf(orders: Order[]): Record<string, number> {
  const revenue: Record<string, number> = {};
  for (const { currency, quantity, unitPriceCents } of orders) {
    revenue[currency] = (revenue[currency] ?? 0) + quantity * unitPriceCents;
  }
  return revenue;
}

function fileOf(job: JobContext): string {
  const local = job.fireTime.toLocaleString('sv-SE', { timeZone: job.timezone });
  return `${local.replace(' ', '-').replaceAll(':', '')}.txt`;
}

function textOf(report: Report, orders: Order[]): string {
  const bySku = new Map<string, number>();
  for (const { sku, quantity } of orders) bySku.set(sku, (bySku.get(sku) ?? 0) + quantity);
  const revenue = Object.entries(report.revenue).map(([currency, cents]) => `${(cents / 100).toFixed(2)} ${currency}`);
  const lines = [...bySku].sort(([, a], [, b]) => b - a).map(([sku, count]) => `${String(count).padStart(6)}  ${sku}`);
  return [`${report.orders} orders, ${revenue.join(', ') || 'no revenue'}`, ...lines, ''].join('\n');
}
