import { join } from 'node:path';

const sampleFolder = join(import.meta.dirname, '..');
const data = process.env.KERNEL_DATA ?? join(sampleFolder, 'data');
const [from, to] = (process.env.KERNEL_BUSINESS_HOURS ?? '9-17').split('-').map(Number);

/** Everything that may differ between two places where the sample runs. */
export const settings = {
  port: Number(process.env.PORT ?? 3000),
  data,
  database: join(data, 'kernel.db'),
  uploads: join(data, 'uploads'),
  queue: join(data, 'queue'),
  logs: join(data, 'logs'),
  backups: join(data, 'backups'),
  dailyBackup: join(data, 'backups/daily.db'),
  scripts: join(sampleFolder, 'scripts'),
  /** First and last hour of the day in which customers are written to. */
  businessHours: { from, to },
  /** Called after each heartbeat, so that somebody hears when they stop. */
  heartbeatUrl: process.env.KERNEL_HEARTBEAT_URL,
};
