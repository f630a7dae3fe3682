import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import ICAL from 'ical.js';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { At, at, Cron, cron, Interval, Scheduled, type SchedulerModuleOptions } from '../../../lib/index.js';
import { SCHEDULER_START_MODE } from '../../../lib/nest/index.js';
import { startApp, type NestApp, type NestAppOptions } from '../nest-app.js';

const started: NestApp[] = [];
const start = async (given: NestAppOptions) => {
  const app = await startApp(given);
  started.push(app);
  return app;
};

afterEach(async () => {
  for (const { app } of started.splice(0)) await app.close();
});

describe('registry.previewReport', () => {
  @Injectable()
  class Nightly {
    @Cron('30 2 * * *', { id: 'berlin', timezone: 'Europe/Berlin' }) berlin() {}
    @Cron('30 1 * * *', { id: 'utc' }) utc() {}
  }

  it('shows each fire on the wall clock of a zone, and what a change of the clocks does to it', async () => {
    const { registry } = await start({ providers: [Nightly], now: '2026-10-20T00:00Z' });
    const report = await registry.previewReport('2026-10-24T12:00Z', '2026-10-25T12:00Z', {
      timezone: 'Europe/Berlin',
    });
    expect(report.fires.map(({ jobId, local, offset, clockChange }) => [jobId, local, offset, clockChange])).toEqual([
      ['berlin', '2026-10-25 02:30:00', '+02:00', '02:30 comes twice that day; this is the first'],
      ['utc', '2026-10-25 02:30:00', '+01:00', null],
    ]);
  });

  it('tells of a time that a gap leaves out', async () => {
    const { registry } = await start({ providers: [Nightly], now: '2026-03-20T00:00Z' });
    const { fires } = await registry.previewReport('2026-03-29T00:00Z', '2026-03-29T01:10Z');
    expect(fires.map(({ jobId, local, clockChange }) => [jobId, local, clockChange])).toEqual([
      ['berlin', '2026-03-29 01:00:00', 'the clocks go forward from 02:00 to 03:00: what falls between is due now'],
    ]);
  });

  it('leaves alone a job that names the first instant after a gap itself', async () => {
    @Injectable()
    class Early {
      @Cron('0 3 * * *', { id: 'three', timezone: 'Europe/Berlin' }) three() {}
      @Cron('30 2,8,14,20 * * *', { id: 'half', timezone: 'Europe/Berlin' }) half() {}
    }
    const { registry } = await start({ providers: [Early], now: '2026-03-20T00:00Z' });
    const { fires } = await registry.previewReport('2026-03-29T00:59Z', '2026-03-29T01:10Z');
    expect(fires.map(({ jobId, clockChange }) => [jobId, clockChange !== null])).toEqual([
      ['half', true],
      ['three', false],
    ]);
  });

  it('goes by the zone of the trigger, not of the job', async () => {
    @Injectable()
    class Elsewhere {
      @Scheduled(cron('30 2 * * *', { timezone: 'Europe/Berlin' }), { id: 'elsewhere' }) run() {}
    }
    const { registry } = await start({ providers: [Elsewhere], now: '2026-03-20T00:00Z' });
    const { fires } = await registry.previewReport('2026-03-29T00:00Z', '2026-03-29T01:10Z');
    expect(fires.map(({ clockChange }) => clockChange)).toEqual([
      'the clocks go forward from 02:00 to 03:00: what falls between is due now',
    ]);
    expect((await registry.lint()).map(({ rule }) => rule)).toEqual(['clockChange']);
  });

  it('answers 24 hours from an instant that is read in the zone of the module, where no end is given', async () => {
    @Injectable()
    class Minutely {
      @Cron('* * * * *', { id: 'minutely' }) run() {}
    }
    const { registry } = await start({ providers: [Minutely], options: { timezone: 'Europe/Berlin' } });
    const { fires } = await registry.previewReport('2026-12-01 12:00');
    expect([fires[0].local, fires.at(-1)!.local, fires.length]).toEqual([
      '2026-12-01 12:00:00',
      '2026-12-02 12:00:00',
      1_441,
    ]);
  });

  it('says of a feed that it ends before its window does', async () => {
    @Injectable()
    class Minutely {
      @Cron('* * * * *', { id: 'minutely' }) run() {}
    }
    const { registry } = await start({ providers: [Minutely] });
    const whole = await registry.previewCalendar('2026-03-01T00:00Z');
    expect(whole).not.toContain('X-WR-CALDESC');
    const cut = await registry.previewCalendar('2026-03-01T00:00Z', '2026-03-10T00:00Z');
    expect(cut.replaceAll('\r\n ', '')).toContain(
      'X-WR-CALDESC:Only the first 10000 fire times\\, the last of them at 2026-03-07T22:40:00.000Z: there are more.',
    );
  });

  it('counts what is due in a minute, and names what is due together', async () => {
    @Injectable()
    class Many {
      @Cron('0 * * * * *', { id: 'a' }) a() {}
      @Cron('*/30 * * * * *', { id: 'b' }) b() {}
    }
    const { registry } = await start({ providers: [Many] });
    const { load, collisions, isCut } = await registry.previewReport('2026-03-01T00:00:01Z', '2026-03-01T00:02Z');
    expect(load.map(({ minute, fires }) => [minute.toISOString().slice(11, 16), fires])).toEqual([
      ['00:00', 1],
      ['00:01', 3],
      ['00:02', 2],
    ]);
    expect(collisions.map(({ jobIds }) => jobIds)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(isCut).toBe(false);
  });

  it('makes a feed that a calendar program reads', async () => {
    @Injectable()
    class Reports {
      @Cron('0 9 * * *', { id: 'report', name: 'Daily; with, marks', description: `${'Straße '.repeat(30)}end` })
      run() {}
    }
    const { registry } = await start({ providers: [Reports], options: { application: 'shop' } });
    const feed = await registry.previewCalendar('2026-03-01T00:00Z', '2026-03-02T23:00Z');
    expect(feed.split('\r\n').every((line) => Buffer.byteLength(line) <= 75)).toBe(true);
    const events = new ICAL.Component(ICAL.parse(feed) as unknown[])
      .getAllSubcomponents('vevent')
      .map((it) => new ICAL.Event(it));
    expect(events.map((event) => [event.summary, event.startDate.toJSDate().toISOString()])).toEqual([
      ['Daily; with, marks', '2026-03-01T09:00:00.000Z'],
      ['Daily; with, marks', '2026-03-02T09:00:00.000Z'],
    ]);
    expect(events[0].description).toBe(`${'Straße '.repeat(30)}end`);
    expect(new Set(events.map(({ uid }) => uid)).size).toBe(2);
  });
});

describe('registry.lint', () => {
  it('finds what looks wrong, one rule each, and nothing about what is well', async () => {
    @Injectable()
    class Doubtful {
      @At('2020-01-01T00:00Z', { id: 'past' }) past() {}
      @Cron('* * * * * *', { id: 'often' }) often() {}
      @Interval('4s', { id: 'dense' }) dense() {}
      @Cron('30 2 * * *', { id: 'change', timezone: 'Europe/Berlin' }) change() {}
      @Interval('1m', { id: 'long', timeout: '5m' }) long() {}
      @Cron('0 9 * * *', { id: 'slot-a' }) slotA() {}
      @Cron('0 9 * * 1-5', { id: 'slot-b' }) slotB() {}
      @Cron('7 11 * * *', { id: 'well', timezone: 'Europe/Berlin' }) well() {}
      @Cron('0 3 * * *', { id: 'three', timezone: 'Europe/Berlin' }) three() {}
      @Cron('50 2,8,14,20 * * *', { id: 'half', timezone: 'Europe/Berlin' }) half() {}
      @Cron('*/15 * * * *', { id: 'quarter', timezone: 'Europe/Berlin' }) quarter() {}
      @Cron('*/15 2 * * *', { id: 'at-two', timezone: 'Europe/Berlin' }) atTwo() {}
      @Scheduled(cron('40 2 * * *', { timezone: 'Europe/Paris' }), { id: 'elsewhere' }) elsewhere() {}
    }
    // More than 400 fire times of "half" before the clocks change.
    const { registry } = await start({ providers: [Doubtful], now: '2026-04-01T00:00Z' });
    const found = await registry.lint();
    expect(found.map(({ rule, jobIds }) => [rule, ...jobIds]).sort()).toEqual([
      ['clockChange', 'at-two'],
      ['clockChange', 'change'],
      ['clockChange', 'elsewhere'],
      ['clockChange', 'half'],
      ['firesOften', 'dense'],
      ['firesOften', 'often'],
      ['longerThanPeriod', 'long'],
      ['neverFires', 'past'],
      ['sameSlot', 'slot-a', 'slot-b'],
    ]);
    const often = found.filter(({ rule }) => rule === 'firesOften').map(({ text }) => text.split('. ')[1]);
    expect(often.sort()).toEqual(['Six fields begin with seconds: was the minute meant?', 'Was a longer step meant?']);
  });
});

describe('a job that was added at run time and has done its work', () => {
  it('is no finding', async () => {
    @Injectable()
    class Reminders {
      send() {}
    }
    const { registry, clock } = await start({ providers: [Reminders], now: '2026-04-01T00:00Z' });
    await registry.schedule(Reminders, 'send', { id: 'sent', trigger: at('2026-04-01T01:00Z') });
    clock.advance({ hours: 2 });
    expect((await registry.list({ status: 'finished' })).map(({ id }) => id)).toEqual(['sent']);
    expect(await registry.lint()).toEqual([]);
  });
});

describe('jobs that share a slot', () => {
  it('are named up to a bound in the sentence, and all of them beside it', async () => {
    @Injectable()
    class Nightly {
      run() {}
    }
    const { registry } = await start({ providers: [Nightly] });
    for (let index = 0; index < 12; index++) {
      await registry.addCron({ id: `job-${index}`, task: [Nightly, 'run'], expression: '0 3 * * *' });
    }
    const [{ rule, jobIds, text }, ...others] = await registry.lint();
    expect([rule, jobIds.length, others]).toEqual(['sameSlot', 12, []]);
    expect(text).toContain(' and 2 more are due together');
  });
});

describe('registry.diff', () => {
  const database = () => join(mkdtempSync(join(tmpdir(), 'carillon-diff-')), 'jobs.db');
  const options = (file: string, version: string): SchedulerModuleOptions => ({
    application: 'shop',
    version,
    stores: { default: { type: 'typeorm', options: { type: 'better-sqlite3', database: file } } },
  });
  const observing = {
    module: class Observing {},
    global: true,
    providers: [{ provide: SCHEDULER_START_MODE, useValue: { observes: true } }],
    exports: [SCHEDULER_START_MODE],
  };

  it('says what a start would add, change, set aside and refuse, and an observing start writes none of it', async () => {
    @Injectable()
    class Before {
      @Cron('0 1 * * *', { id: 'same' }) same() {}
      @Cron('0 2 * * *', { id: 'moved' }) moved() {}
      @Cron('0 3 * * *', { id: 'gone' }) gone() {}
      @Cron('0 4 * * *', { id: 'limited' }) limited() {}
    }
    const file = database();
    const first = await start({ providers: [Before], options: options(file, '1.0.0') });
    await first.registry.addCron({ id: 'runtime', task: [Before, 'same'], expression: '0 5 * * *' });
    expect(await first.registry.diff()).toEqual({ added: [], changed: [], orphaned: [], refused: [], newer: [] });
    await first.app.close();
    started.length = 0;

    @Injectable()
    class After {
      @Cron('0 1 * * *', { id: 'same' }) same() {}
      @Cron('30 2 * * *', { id: 'moved' }) moved() {}
      @Cron('0 4 * * *', { id: 'limited', timeout: '1m' }) limited() {}
      @Cron('0 6 * * *', { id: 'fresh' }) fresh() {}
      @Cron('0 7 * * *', { id: 'runtime' }) runtime() {}
    }
    Object.defineProperty(After, 'name', { value: 'Before' });
    const second = await start({ providers: [After], options: options(file, '1.1.0'), imports: [observing] });
    const diff = await second.registry.diff();
    expect(diff.added.map(({ id, nextFireTime }) => [id, nextFireTime!.toISOString()])).toEqual([
      ['fresh', '2026-03-01T06:00:00.000Z'],
    ]);
    expect(diff.changed.map(({ id, what, nextFireTimeAfter }) => [id, what, nextFireTimeAfter!.toISOString()])).toEqual(
      [
        ['moved', ['trigger'], '2026-03-01T02:30:00.000Z'],
        ['limited', ['options'], '2026-03-01T04:00:00.000Z'],
      ],
    );
    expect(diff.orphaned.map(({ id }) => id)).toEqual(['gone']);
    expect(diff.refused).toEqual(['runtime']);
    // Nothing of it was written, and nobody has become a node.
    expect((await second.registry.list()).map(({ id }) => id)).toEqual(['gone', 'limited', 'moved', 'runtime', 'same']);
    expect((await second.registry.get('moved'))!.nextFireTime!.toISOString()).toBe('2026-03-01T02:00:00.000Z');
    expect(await second.registry.nodes()).toEqual([]);
  });
});

describe('a process that only looks', () => {
  it('answers of jobs that no start has put into their store yet, and of no other', async () => {
    @Injectable()
    class Fresh {
      @Cron('0 6 * * *', { id: 'fresh', store: 'db' }) run() {}
    }
    const file = join(mkdtempSync(join(tmpdir(), 'carillon-fresh-')), 'jobs.db');
    const options: SchedulerModuleOptions = {
      application: 'shop',
      stores: { db: { type: 'typeorm', options: { type: 'better-sqlite3', database: file } } },
    };
    const observing = {
      module: class Observing {},
      global: true,
      providers: [{ provide: SCHEDULER_START_MODE, useValue: { observes: true } }],
      exports: [SCHEDULER_START_MODE],
    };
    const { registry } = await start({ providers: [Fresh], options, imports: [observing] });
    const fires = await registry.preview('2026-03-01T00:00Z', '2026-03-02T00:00Z');
    expect(fires.map(({ jobId }) => jobId)).toEqual(['fresh']);
    expect(await registry.why('fresh', '2026-03-01T06:00Z')).toMatchObject({
      verdict: 'notYet',
      text: '"fresh" is in this code and not yet in store "db": the first start of this code adds it.',
    });
    expect((await registry.why('nobody', '2026-03-01T06:00Z')).verdict).toBe('unknownJob');
    expect(existsSync(file)).toBe(false);
  });
});

describe('registry.why and pauses', () => {
  @Injectable()
  class Hourly {
    @Cron('0 * * * *', { id: 'hourly', keepHistory: false }) run() {}
    @Cron('0 * * * *', { id: 'always', evenInMaintenanceMode: true }) always() {}
  }

  it('explains by a pause what falls into it, and neither what was before it nor what comes after its end', async () => {
    const { registry, clock } = await start({ providers: [Hourly], now: '2026-03-01T00:30Z' });
    clock.advance({ hours: 1 });
    await registry.pause('hourly', { reason: 'holiday', until: '2026-03-01T05:30Z' });
    clock.advance({ hours: 1 });
    const verdict = async (at: string) => (await registry.why('hourly', at)).verdict;
    expect(await verdict('2026-03-01T01:00Z')).not.toBe('paused');
    expect(await verdict('2026-03-01T02:00Z')).toBe('paused');
    expect(await verdict('2026-03-01T05:00Z')).toBe('paused');
    expect(await verdict('2026-03-01T06:00Z')).toBe('notYet');
  });

  it('knows the pause of the application, and who goes on all the same', async () => {
    const { registry, clock } = await start({ providers: [Hourly], now: '2026-03-01T00:30Z' });
    await registry.pauseAll({ by: 'ops', reason: 'deploy' });
    clock.advance({ hours: 1 });
    expect((await registry.why('hourly', '2026-03-01T01:00Z')).text).toBe(
      'The application is paused since 2026-03-01T00:30:00.000Z by ops: deploy.',
    );
    expect((await registry.why('always', '2026-03-01T01:00Z')).verdict).toBe('ran');
  });
});

describe('registry.prune', () => {
  it('deletes what is beyond the bounds, and says how much', async () => {
    @Injectable()
    class Often {
      @Interval('1m', { id: 'often' }) run() {}
    }
    const { registry, clock } = await start({ providers: [Often], options: { history: { count: 5 } } });
    for (let minute = 0; minute < 12; minute++) clock.advance({ minutes: 1 });
    const steps: number[] = [];
    const deleted = await registry.prune((count) => steps.push(count));
    expect(steps.at(-1)).toBe(deleted);
    expect((await registry.history('often')).runs).toHaveLength(5);
  });
});
