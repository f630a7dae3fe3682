// For the runner of the conformance vectors, against the built package:
// node run-vectors.mjs test/triggers/vectors-adapter.mjs fuzz.jsonl peers.jsonl
import {
  AndTrigger,
  CalendarIntervalTrigger,
  CronTrigger,
  IntervalTrigger,
  OrTrigger,
} from '../../dist/triggers/index.js';

function triggerOf(vector, timezone = vector.tz) {
  const options = { ...(timezone ? { timezone } : {}), ...(vector.end ? { end: vector.end } : {}) };
  const children = () => vector.triggers.map((child) => triggerOf(child, child.tz ?? timezone));
  switch (vector.kind === 'invalid' ? (vector.trigger ?? 'cron') : vector.kind) {
    case 'cron':
      return new CronTrigger(vector.expr, options);
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

export function next(vector, count) {
  const start = vector.start ? Date.parse(vector.start) : -Infinity;
  const times = triggerOf(vector).fireTimes(vector.inclusive ? start - 1 : start, count);
  return times.map((at) => new Date(at).toISOString());
}

export function validate(vector) {
  try {
    triggerOf(vector);
    return true;
  } catch {
    return false;
  }
}
