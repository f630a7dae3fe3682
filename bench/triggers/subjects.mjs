// Each subject: `load()` gives `compile(expression, timezone)`, which gives a walk: `start(from)` begins it at an instant,
// `step()` goes on to the next fire time, `compiled` is what an application would keep. Every peer is used in the fastest way that it documents: dates stay
// in the peer's own type, and an iterator is used as one.

async function limit() {
  const { LimitCron } = await import('../shared/limit-cron.mjs');
  return (expression, timezone) => walkByNumber(new LimitCron(expression, timezone));
}

async function ours() {
  const { CronTrigger } = await import('../../dist/triggers/index.js');
  return (expression, timezone) => walkByNumber(new CronTrigger(expression, { timezone }));
}

async function cronosjs() {
  const { CronosExpression } = (await import('cronosjs')).default;
  return (expression, timezone) => {
    const cron = CronosExpression.parse(expression, { timezone });
    return walkByDate(cron, (date) => cron.nextDate(date));
  };
}

async function croner() {
  const { Cron } = await import('croner');
  return (expression, timezone) => {
    const cron = new Cron(expression, { timezone, paused: true });
    return walkByDate(cron, (date) => cron.nextRun(date));
  };
}

async function cronParser() {
  const { CronExpressionParser } = (await import('cron-parser')).default;
  return (expression, timezone) => {
    const cron = CronExpressionParser.parse(expression, { tz: timezone, currentDate: new Date(0) });
    return {
      compiled: cron,
      start: (from) => cron.reset(new Date(from)),
      step: () => cron.next().getTime(),
    };
  };
}

async function cron() {
  const { CronTime } = await import('cron');
  return (expression, timezone) => {
    const time = new CronTime(expression, timezone);
    return walkByDate(time, (date) => time.getNextDateFrom(date, timezone));
  };
}

function walkByNumber(trigger) {
  let at = 0;
  return {
    compiled: trigger,
    start: (from) => (at = from),
    step: () => (at = trigger.next(at)),
  };
}

function walkByDate(compiled, next) {
  let date;
  return {
    compiled,
    start: (from) => (date = new Date(from)),
    step() {
      date = next(date);
      return date.valueOf();
    },
  };
}

export const SUBJECTS = {
  limit: { load: limit, role: 'limit' },
  ours: { load: ours, role: 'ours' },
  cronosjs: { load: cronosjs, role: 'peer' },
  croner: { load: croner, role: 'peer' },
  'cron-parser': { load: cronParser, role: 'peer' },
  cron: { load: cron, role: 'peer' },
};
