import type { JsonValue } from '../../core/index.js';
import type { StoreCaseGroup } from './store-case.js';
import { MINUTE, newJob, newRun, outcomeOf, policyWith, T0 } from './store-world.js';

const ODD_TEXTS: Readonly<Record<string, string>> = {
  'quotes and backslashes': `it's "x" \\ \`y\` -- ; DROP TABLE jobs`,
  'many scripts': 'Grüße, мир, 世界, שלום, ไทย',
  'characters beyond 16 bits': '🎉👩‍👩‍👧 𝒳',
  'line ends and tabs': 'a\r\nb\tc\u2028d',
  'control characters': '\u0000\u0001\u001f\u007f',
  wildcards: '100%_?*',
  'only blanks': '   ',
  'combining marks': 'e\u0301\u0327',
};

const ODD_IDS = ["it's", 'a/b?c=d&e', 'näme – 名', 'a.b:c#2', 'A', 'a', 'x'.repeat(200)];

/** 64 kB of JSON, as much as arguments may have. */
const LARGE: readonly JsonValue[] = [
  { text: 'x'.repeat(40_000), list: Array.from({ length: 2_000 }, (_, index) => index) },
];

/** Odd and large values come back as they went in. */
export const DATA_CASES: StoreCaseGroup = {
  name: 'values',
  cases: [
    ...(Object.entries(ODD_TEXTS).map(([name, text]) => ({
      name: `with ${name} come back as they were`,
      async run(world, expect) {
        const texts = { name: text, description: text, tags: [text], args: [text, { [text]: [text] }] };
        const pause = { at: T0, by: text, reason: text, until: null };
        const before = await world.add('a', { ...texts, pause, fireTime: null });
        const { run } = await world.enter(newRun('a', { args: [text] }));
        const claim = await world.claimOne();
        const error = { name: 'Error', message: text, stack: text, code: null };
        await world.settle(outcomeOf(claim, { outcome: 'failed', detail: text, error, output: text, result: [text] }));

        expect(before).toMatchObject({ ...texts, pause });
        expect(await world.job('a')).toMatchObject({ ...texts, pause });
        expect(await world.run(run!.id)).toMatchObject({
          args: [text],
          detail: text,
          error,
          output: text,
          result: [text],
        });
      },
    })) satisfies StoreCaseGroup['cases']),
    ...(ODD_IDS.map((id) => ({
      name: `such as the id ${JSON.stringify(id.slice(0, 20))} name one job`,
      async run(world, expect) {
        await world.put([newJob(id), newJob(`${id}${id}`)]);
        await world.change(`${id}${id}`, 'remove');
        const claim = await world.claimOne();
        await world.settle(outcomeOf(claim));

        expect([(await world.job(id))!.id, claim.jobId]).toEqual([id, id]);
        expect((await world.runsOf(id)).map((run) => run.id)).toEqual([claim.runId]);
      },
    })) satisfies StoreCaseGroup['cases']),
    {
      name: 'keep ids apart that differ in case alone',
      async run(world, expect) {
        await world.put([newJob('report'), newJob('Report')]);

        expect((await world.store.jobs.list()).map((job) => job.id)).toEqual(['Report', 'report']);
      },
    },
    {
      name: 'of 64 kB come back as they were',
      async run(world, expect) {
        const output = 'ü'.repeat(32_000);
        await world.add('a', { args: LARGE });
        const claim = await world.claimOne();
        await world.settle(outcomeOf(claim, { result: LARGE, output }));

        expect(claim.job.args).toEqual(LARGE);
        expect(await world.run(claim.runId)).toMatchObject({ result: LARGE, output });
      },
    },
    {
      name: 'of a policy, hooks and every other field of a job come back as they were',
      async run(world, expect) {
        const policy = policyWith({
          misfireGraceTime: 5_000,
          coalesce: false,
          overlap: 'bufferAll',
          retry: { attempts: 3, backoff: 'exponential', delay: 1, maxDelay: 2, jitter: 3 },
          timeout: 1.5,
          recovery: 'fail',
          history: { age: null, count: 5 },
        });
        const hooks = { when: ['A.b'], onFailure: ['C.d', 'E.f'] };
        const rest = {
          statusReason: 'ended',
          statusAt: T0 - 1,
          runCount: 2_000_000_000,
          losses: 2,
          timezone: 'Asia/Kathmandu',
        };
        const given = newJob('a', { policy, hooks, status: 'finished', dueAt: T0 + 1, ...rest });
        await world.put([given]);

        const { aliases, ...fields } = given;
        expect(aliases).toEqual([]);
        expect(await world.job('a')).toMatchObject(fields);
      },
    },
    {
      name: 'of instants keep their milliseconds, far back and far ahead',
      async run(world, expect) {
        const instants = [0, 1, -62_135_596_800_000, 253_402_300_799_999, T0 + 123];
        const kept: unknown[] = [];
        for (const [index, fireTime] of instants.entries()) {
          await world.add(`job-${index}`, { fireTime, status: 'finished' });
          kept.push((await world.job(`job-${index}`))!.fireTime);
        }

        expect(kept).toEqual(instants);
      },
    },
    {
      name: 'belong to the store: later changes of what was given do not reach it',
      async run(world, expect) {
        const args = [{ list: [1] }];
        const tags = ['x'];
        await world.put([newJob('a', { args, tags, fireTime: null })]);
        const own = [{ n: 1 }];
        const { run } = await world.enter(newRun('a', { args: own }));
        args[0].list.push(2);
        tags.push('y');
        own[0].n = 2;

        expect(await world.job('a')).toMatchObject({ args: [{ list: [1] }], tags: ['x'] });
        expect(await world.run(run!.id)).toMatchObject({ args: [{ n: 1 }] });
      },
    },
    {
      name: 'of a run that is open stay those of the definition it was claimed with',
      async run(world, expect) {
        const claim = await world.addClaimed('a', { args: ['old'], fireTime: T0 });
        await world.change('a', { args: ['new'], name: 'new' });

        expect([claim.job.args, claim.job.name]).toEqual([['old'], null]);
        await world.settle(outcomeOf(claim));
        expect((await world.claimOne({ now: T0 + MINUTE })).job.args).toEqual(['new']);
      },
    },
  ],
};
