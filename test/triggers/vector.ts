import { readFileSync } from 'node:fs';
import type { FilterableTrigger } from '../../lib/triggers/index.js';
import {
  AndTrigger,
  CalendarIntervalTrigger,
  CronTrigger,
  IntervalTrigger,
  OrTrigger,
} from '../../lib/triggers/index.js';

/** One line of the conformance vectors: a rule, a zone, a start and the instants to come. */
export interface Vector {
  readonly id: string;
  readonly source: string;
  readonly kind: 'cron' | 'fields' | 'interval' | 'calendar' | 'and' | 'or' | 'invalid';
  readonly cat?: string;
  readonly trigger?: string;
  readonly expr?: string;
  readonly fields?: any;
  readonly triggers?: readonly Vector[];
  readonly tz?: string;
  readonly start?: string | null;
  readonly end?: string;
  readonly inclusive?: boolean;
  readonly expect?: readonly string[];
  readonly exhausted?: boolean;
}

export function readVectors(path: string): Vector[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Vector);
}

export function triggerOf(vector: Vector, timezone = vector.tz): FilterableTrigger {
  const options = { ...(timezone ? { timezone } : {}), ...(vector.end ? { end: vector.end } : {}) };
  const children = () => (vector.triggers ?? []).map((child) => triggerOf(child, child.tz ?? timezone));
  switch (vector.kind === 'invalid' ? (vector.trigger ?? 'cron') : vector.kind) {
    case 'cron':
      return new CronTrigger(vector.expr as string, options);
    case 'fields':
      return new CronTrigger(vector.fields, options);
    case 'interval': {
      const { anchor, ...length } = vector.fields;
      return new IntervalTrigger(length, { ...options, start: anchor ?? vector.start });
    }
    case 'calendar': {
      const { start_date: start, end_date: end, ...steps } = vector.fields;
      return new CalendarIntervalTrigger(steps, { ...options, ...(start ? { start } : {}), ...(end ? { end } : {}) });
    }
    case 'and':
      return new AndTrigger(children());
    case 'or':
      return new OrTrigger(children());
    default:
      throw new Error(`no such kind: ${vector.kind}`);
  }
}

/** The next instants of a vector's trigger, one more than expected when there must be no more. */
export function answerTo(vector: Vector): string[] {
  const trigger = triggerOf(vector);
  const count = (vector.expect?.length ?? 0) + (vector.exhausted ? 1 : 0);
  const start = vector.start ? Date.parse(vector.start) : -Infinity;
  return trigger.fireTimes(vector.inclusive ? start - 1 : start, count).map((at) => new Date(at).toISOString());
}

export const expected = (vector: Vector): string[] => (vector.expect ?? []).map((text) => new Date(text).toISOString());
