import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as entry from '../../lib/index.js';

/** DESIGN, "Names other people rely on", without types. */
const NAMES = [
  'SchedulerModule',
  'Cron',
  'Interval',
  'At',
  'Timeout',
  'Scheduled',
  'SchedulerRegistry',
  'JobContext',
  'Job',
  'Run',
  'Task',
  'ConsoleCommand',
  'Schedule',
  'OnSchedulerEvent',
  'CronExpression',
  'SCHEDULER_OPTIONS',
  'SCHEDULER_CLOCK',
  'getStoreToken',
  'CronTrigger',
  'IntervalTrigger',
  'DateTrigger',
  'CalendarIntervalTrigger',
  'AndTrigger',
  'OrTrigger',
  'cron',
  'every',
  'at',
  'calendar',
  'allOf',
  'anyOf',
  'triggerFromJSON',
];

/** Rooms with entries of their own, and the command line, whose errors end as lines. */
const OTHER_ENTRIES = /^(stores|testing|cli)\//;
const lib = resolve(import.meta.dirname, '../../lib');

function errorNames(): string[] {
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files
    .filter((file) => !OTHER_ENTRIES.test(file))
    .flatMap((file) => [...readFileSync(join(lib, file), 'utf8').matchAll(/export class (\w+Error) extends/g)])
    .map(([, name]) => name);
}

describe('the main entry', () => {
  it.each(NAMES)('exports %s', (name) => {
    expect(Object.keys(entry)).toContain(name);
  });

  it.each(errorNames())('exports %s, so that it can be caught', (name) => {
    expect(Object.keys(entry)).toContain(name);
  });

  it('exports nothing that has no name in the documents', () => {
    const known = new Set([...NAMES, ...errorNames(), 'SchedulerError', 'SchedulerEvent', 'SkipRunSignal']);
    expect(Object.keys(entry).filter((name) => !known.has(name))).toEqual([]);
  });

  it('names what it exports one by one, types too, so that nothing from inside becomes public by itself', () => {
    expect(readFileSync(join(lib, 'index.ts'), 'utf8')).not.toMatch(/export (type )?\*/);
  });

  it('has the 83 cron expressions that users of Nest know', () => {
    const { CronExpression } = entry;
    expect(Object.keys(CronExpression)).toHaveLength(83);
    for (const expression of Object.values(CronExpression)) {
      expect(new entry.CronTrigger(expression).next(0)).toEqual(expect.any(Number));
    }
  });
});
