export { Cron } from './cron.js';
export type { CarillonOptions, CronOptions } from './cron.js';
export { Interval } from './interval.js';
export { Timeout } from './timeout.js';
