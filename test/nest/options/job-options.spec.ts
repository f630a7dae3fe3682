import { describe, expect, it } from '@jest/globals';
import { jobOptionFaults, InvalidOptionsError, validateJobOptions } from '../../../lib/nest/options/index.js';

const site = { place: 'ReportsService.send (@Cron)' } as const;
const at = (value: Record<string, unknown>) => jobOptionFaults(value, site);

class Hooks {
  isOpen() {
    return true;
  }
  get broken(): never {
    throw new Error('an accessor was called');
  }
}

describe('job options', () => {
  it('may be absent, empty, or undefined one by one', () => {
    expect(jobOptionFaults(undefined, site)).toEqual([]);
    expect(at({})).toEqual([]);
    expect(at({ id: undefined, timeout: undefined })).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['identity', { id: 'report', name: 'Daily report', description: 'x', tags: ['a', 'b'], aliases: ['old'] }],
    ['policies', { misfireGraceTime: '5m', coalesce: false, catchUpLimit: 10, maxInstances: 3, overlap: 'bufferOne' }],
    ['no grace and no time limit, said aloud', { misfireGraceTime: null, timeout: null }],
    ['a preset', { misfire: 'runAll' }],
    ['retries', { retry: { attempts: 3, backoff: 'exponential', delay: '1s', maxDelay: { minutes: 5 }, jitter: 250 } }],
    ['times', { timeout: 60_000, abortGrace: 0, start: '2026-01-01', end: new Date(1e13), jitter: '30s', limit: 1 }],
    ['an interval', { fixedDelay: true, initialDelay: 0, runOnStart: true }],
    [
      'Laravel names',
      { withoutOverlapping: 120, onOneServer: true, runInBackground: true, environments: ['production'] },
    ],
    ['withoutOverlapping as a switch', { withoutOverlapping: true }],
    [
      'conditions',
      { when: () => true, skip: [Hooks, 'isOpen'], before: [() => 1, [Hooks, 'isOpen']], after: async () => {} },
    ],
    ['places', { store: 'db', executor: 'threads', timezone: 'Europe/Berlin', keepHistory: false }],
    ['history', { history: { age: '7d', count: 0 } }],
  ])('are fine: %s', (_, options) => {
    expect(at(options)).toEqual([]);
  });

  it.each<[Record<string, unknown>, string, RegExp]>([
    [
      { maxInstances: '50' },
      'maxInstances',
      /is '50'; it must be a whole number, 1 to 10,000\. Values from the environment are text: .* 50\./,
    ],
    [{ maxInstances: 0 }, 'maxInstances', /is 0; it must be a whole number/],
    [{ maxInstances: 1.5 }, 'maxInstances', /is 1\.5/],
    [{ maxInstances: NaN }, 'maxInstances', /is NaN/],
    [{ coalesce: 'true' }, 'coalesce', /is 'true'; it must be true or false\. Values from the environment are text/],
    [{ coalesce: 1 }, 'coalesce', /is 1; it must be true or false/],
    [{ enabled: null }, 'enabled', /is null/],
    [{ misfireGraceTime: 60 }, 'misfireGraceTime', /60 is milliseconds; write '60s'/],
    [{ misfireGraceTime: 0 }, 'misfireGraceTime', /is 0: every run would be missed/],
    [{ misfireGraceTime: '0s' }, 'misfireGraceTime', /is 0: every run would be missed/],
    [{ misfireGraceTime: '60' }, 'misfireGraceTime', /Text needs a unit: write '60s'/],
    [{ misfireGraceTime: -1 }, 'misfireGraceTime', /is -1/],
    [{ misfireGraceTime: '5 parsecs' }, 'misfireGraceTime', /is '5 parsecs'.*length of time/],
    [{ misfireGraceTime: { minuets: 5 } }, 'misfireGraceTime', /minutes/],
    [{ timeout: 30 }, 'timeout', /30 is milliseconds; write '30s'/],
    [{ timeout: 0 }, 'timeout', /is 0\. Write null for no limit/],
    [{ timeout: true }, 'timeout', /is true; it must be a length of time/],
    [{ abortGrace: '2h' }, 'abortGrace', /from 0 ms to 1 h/],
    [{ overlap: 'Skip' }, 'overlap', /is 'Skip'.*Did you mean 'skip'/],
    [{ overlap: 'queue' }, 'overlap', /one of 'skip', 'bufferOne'/],
    [{ misfire: 'once' }, 'misfire', /one of 'skip', 'runOnce', 'runAll'/],
    [{ recovery: 'restart' }, 'recovery', /one of 'retry', 'fail', 'skip'/],
    [{ retry: 3 }, 'retry', /is 3; it must be an object/],
    [{ retry: { attempts: 0 } }, 'retry.attempts', /is 0/],
    [{ retry: { tries: 3 } }, 'retry.tries', /is called 'attempts' here: write attempts: 3/],
    [{ retry: { backoff: 'linear' } }, 'retry.backoff', /one of 'fixed', 'exponential'/],
    [{ retry: { delay: '1h', maxDelay: '1m' } }, 'retry.maxDelay', /shorter than delay/],
    [{ retry: { factor: 2 } }, 'retry.factor', /exponential always doubles/],
    [{ history: { age: 10 } }, 'history.age', /from 1 s/],
    [{ history: { maxAge: '7d' } }, 'history.maxAge', /is called 'age' here/],
    [{ id: '' }, 'id', /is ''; it must be text that is not empty/],
    [{ id: 7 }, 'id', /is 7; it must be text/],
    [{ id: ' report' }, 'id', /without spaces around it\. Write 'report'/],
    [{ id: 'a\nb' }, 'id', /control characters/],
    [{ id: 'x'.repeat(201) }, 'id', /has 201 characters .* 200 are allowed/],
    [{ tags: 'nightly' }, 'tags', /is 'nightly'; it must be a list\. Write \['nightly'\]/],
    [{ tags: ['a', 5] }, 'tags[1]', /is 5; it must be text/],
    [{ aliases: [undefined] }, 'aliases[0]', /is undefined/],
    [{ args: 'x' }, 'args', /must be a list of arguments/],
    [{ timezone: 'Europe/Berlln' }, 'timezone', /IANA zone name.*Did you mean 'Europe\/Berlin'/],
    [{ timezone: 'local' }, 'timezone', /machine's own zone is never used/],
    [{ timezone: 2 }, 'timezone', /is 2; it must be an IANA zone name/],
    [{ withoutOverlapping: '120' }, 'withoutOverlapping', /here to 120/],
    [{ withoutOverlapping: 0 }, 'withoutOverlapping', /is 0/],
    [{ environments: 'production' }, 'environments', /Write \['production'\]/],
    [{ when: true }, 'when', /is true; .*write enabled: false/],
    [{ when: 'isOpen' }, 'when', /Give the class itself, not its name/],
    [{ when: Hooks }, 'when', /Name the method: \[Hooks, 'method'\]/],
    [{ when: [Hooks, 'isopen'] }, 'when', /must be a method of Hooks\. Its methods are isOpen\./],
    [{ when: [Hooks, 'broken'] }, 'when', /must be a method of Hooks/],
    [{ when: [Hooks, 5] }, 'when', /method's name is text/],
    [{ before: [] }, 'before', /Leave the option out/],
    [{ before: [() => 1, 'x'] }, 'before[1]', /is 'x'/],
    [{ start: 'tomorrow' }, 'start', /is 'tomorrow'; it must be a point in time/],
    [{ end: new Date(NaN) }, 'end', /is Invalid Date/],
    [{ start: '2026-05-02', end: '2026-05-01' }, 'end', /is before start/],
    [{ limit: 0 }, 'limit', /is 0/],
    [{ jitter: '-5s' }, 'jitter', /is '-5s'/],
  ])('are refused: %j', (options, option, message) => {
    const faults = at(options);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ place: site.place, option });
    expect(faults[0]?.message).toMatch(message);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ timeZone: 'UTC' }, /is called 'timezone' here: write timezone: 'UTC'/],
    [{ tz: 'UTC' }, /is called 'timezone' here/],
    [{ misfire_grace_time: 60 }, /is called 'misfireGraceTime' here/],
    [{ max_instances: 2 }, /is called 'maxInstances' here: write maxInstances: 2/],
    [{ jobId: 'x' }, /is called 'id' here/],
    [{ start_date: '2026-01-01' }, /is called 'start' here/],
    [{ endDate: '2026-01-01' }, /is called 'end' here/],
    [{ is_enabled: false }, /is called 'enabled' here/],
    [{ runOnInit: true }, /is called 'runOnStart' here/],
    [{ onError: () => {} }, /is called 'onFailure' here/],
    [{ disabled: true }, /no option here \(value true\)\. Write enabled: false/],
    [{ waitForCompletion: true }, /how it is by default/],
    [{ utcOffset: 60 }, /Write timezone/],
    [{ attempts: 3 }, /Write retry: \{ attempts: 3/],
    [{ minutes: 5 }, /stands in the trigger/],
    [{ corlor: 1 }, /is unknown \(value 1\)\. Known are misfireGraceTime/],
    [{ colaesce: true }, /Did you mean 'coalesce'/],
    [{ maxinstances: 1 }, /Did you mean 'maxInstances'/],
    [{ toString: 1 }, /is unknown/],
  ])("refuse another scheduler's spelling or a mistyped one with ours: %j", (options, message) => {
    const [fault] = at(options);
    expect(fault?.option).toBe(Object.keys(options)[0]);
    expect(fault?.message).toMatch(message);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ misfire: 'skip', coalesce: true }, 'misfire'],
    [{ misfire: 'skip', misfireGraceTime: '5m' }, 'misfire'],
    [{ catchUpLimit: 5, coalesce: true }, 'catchUpLimit'],
    [{ catchUpLimit: 5, misfire: 'runOnce' }, 'catchUpLimit'],
    [{ withoutOverlapping: true, overlap: 'allowAll' }, 'overlap'],
    [{ withoutOverlapping: 10, maxInstances: 2 }, 'maxInstances'],
    [{ runInBackground: true, executor: 'threads' }, 'executor'],
    [{ keepHistory: false, history: { count: 5 } }, 'history'],
    [{ start: '2026-01-01', initialDelay: '5m' }, 'initialDelay'],
    [{ fixedDelay: true, withoutOverlapping: true }, 'withoutOverlapping'],
  ])('that contradict each other are refused: %j', (options, option) => {
    expect(at(options).map((fault) => fault.option)).toEqual([option]);
  });

  it('that only an interval has are refused beside another trigger', () => {
    const faults = jobOptionFaults({ initialDelay: '5m', fixedDelay: true }, { ...site, trigger: 'other' });
    expect(faults.map((fault) => fault.message)).toEqual([
      "is no option here (value '5m'). Only an interval has it; else write start.",
      'is no option here (value true). Only an interval has it.',
    ]);
  });

  it('are named together with the stores and executors that exist', () => {
    const known = { stores: ['default', 'db'], executors: ['default', 'background'] };
    const faults = jobOptionFaults({ store: 'dbb', executor: 'gpu' }, { ...site, known });
    expect(faults.map((fault) => fault.message)).toEqual([
      "names no store: 'dbb'; there are 'default', 'db'. Did you mean 'db'?",
      "names no executor: 'gpu'; there are 'default', 'background'. Add it to forRoot({ executors }).",
    ]);
  });

  it('report all faults at once, each with place, option, value and message', () => {
    const options = { maxInstances: '50', misfireGraceTime: 60, timeZone: 'UTC' };
    const act = () => validateJobOptions(options, site);
    expect(act).toThrow(InvalidOptionsError);
    try {
      act();
    } catch (error) {
      const { code, faults, message } = error as InvalidOptionsError;
      expect(code).toBe('INVALID_OPTIONS');
      expect(faults.map(({ place, option, value }) => ({ place, option, value }))).toEqual([
        { place: site.place, option: 'maxInstances', value: '50' },
        { place: site.place, option: 'misfireGraceTime', value: 60 },
        { place: site.place, option: 'timeZone', value: 'UTC' },
      ]);
      expect(message.split('\n')).toHaveLength(4);
      expect(message).toContain(
        'ReportsService.send (@Cron): option "misfireGraceTime" is too short: 60 is milliseconds',
      );
    }
  });

  it.each([['report'], [5], [null], [[]], [new Date(0)]])('that are no object are refused: %p', (options) => {
    const [fault] = jobOptionFaults(options, site);
    expect(fault?.message).toMatch(/must be an object/);
  });

  it('given as a name, as @nestjs/schedule has it, are refused with ours', () => {
    expect(jobOptionFaults('cleanup', site)[0]?.message).toBe(
      "is 'cleanup'; it must be an object. A name is given as { name: 'cleanup' }.",
    );
  });
});
