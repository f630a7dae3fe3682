import { describe, expect, it } from '@jest/globals';
import type { JobFilter, JobRecord } from '../../../lib/core/index.js';
import { definitionTextOf } from '../../../lib/stores/typeorm/codec.js';
import { eachWithItsStore, place, store } from './sqlite-case.js';
import { claim, newJob, newJobs, NOW, put } from './store-parts.js';

eachWithItsStore();

async function pagesOf(filter: JobFilter): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.jobs.list({ ...filter, after, limit: 1_500 });
    ids.push(...page.map((job) => job.id));
    if (page.length < 1_500) return ids;
    after = page[page.length - 1].id;
  }
}

describe('a list', () => {
  it.each([
    ['few', 200],
    ['many', 7_100],
  ])('finds by origin, task, status and trigger among %s jobs, in the order of their ids', async (_name, count) => {
    const parts: Partial<JobRecord>[] = [
      { origin: 'code', task: 'A.code' },
      { task: 'B.aside', status: 'unresolved' },
      { task: 'C.start', trigger: '{"type":"interval","runOnStart":true}' },
      { status: 'orphaned', origin: 'code' },
    ];
    const all = newJobs(count).map((job, index) => ({ ...job, ...(index % 7 < 4 ? parts[index % 7] : {}) }));
    await put(store, [...all].reverse());
    const other = await place.open({ application: 'billing' });
    await put(other, newJobs(20, { ...parts[1], trigger: parts[2].trigger! }));
    const idsOf = (isMeant: (job: (typeof all)[number]) => boolean) => all.filter(isMeant).map((job) => job.id);

    expect(await pagesOf({ origin: 'code' })).toEqual(idsOf((job) => job.origin === 'code'));
    expect(await pagesOf({ origin: 'runtime' })).toEqual(idsOf((job) => job.origin === 'runtime'));
    expect(await pagesOf({ task: 'A.code', origin: 'code' })).toEqual(idsOf((job) => job.task === 'A.code'));
    expect(await pagesOf({ task: 'A.code', origin: 'runtime' })).toEqual([]);
    expect(await pagesOf({ status: ['unresolved'] })).toEqual(idsOf((job) => job.status === 'unresolved'));
    expect(await pagesOf({ status: ['unresolved', 'orphaned'] })).toEqual(idsOf((job) => job.status !== 'active'));
    expect(await pagesOf({ status: ['orphaned', 'active'] })).toEqual(idsOf((job) => job.status !== 'unresolved'));
    const starting = { triggerHolds: '"runOnStart"', status: ['active'] } as const;
    expect(await pagesOf(starting)).toEqual(idsOf((job) => job.trigger.includes('runOnStart')));
    expect(await pagesOf({ triggerHolds: '"interval"' })).toEqual(idsOf((job) => job.trigger.includes('interval')));
  });
});

describe('a definition', () => {
  it('is read as it was given, with all of its fields and with none', async () => {
    const given = [
      newJob('bare'),
      newJob('args', { args: [{ x: ['"', '\\', '\u001f', 'ä', null] }], fireTime: NOW - 1 }),
      newJob('named "it"', { name: 'Name', description: 'Says\nwhat', tags: ['a', 'b'], trigger: '{"a":"\\"[{"}' }),
      newJob('tagged', { tags: ['b'] }),
    ];
    const added = await put(store, given);
    const other = await place.open();
    const listed = await other.jobs.list();

    expect(listed).toEqual([...added].sort((a, b) => (a.id < b.id ? -1 : 1)));
    expect((await other.jobs.list({ tag: 'b' })).map((job) => job.id)).toEqual(['named "it"', 'tagged']);
    const { claims } = await claim(other);
    const claimed = claims.map(({ job }) => [job.id, job.name, job.description, job.tags, job.args, job.trigger]);
    const expected = [given[1], given[0], given[2], given[3]].map((job) => [
      ...[job.id, job.name, job.description],
      ...[job.tags, job.args, job.trigger],
    ]);
    expect(claimed).toEqual(expected);
  });

  it('that an earlier version wrote with names is read, and written anew when it changes', async () => {
    const added = await put(store, newJobs(12, { tags: ['old'], args: [1], trigger: '{"runOnStart":true}' }));
    const handle = place.handle();
    const write = handle.prepare('UPDATE carillon_definitions SET body = ? WHERE id = ?');
    for (const job of added.slice(0, 7)) write.run(definitionTextOf(job), job.id);
    const other = await place.open();

    expect(await other.jobs.list({ tag: 'old', triggerHolds: '"runOnStart"' })).toEqual(added);
    expect((await claim(other, { limit: 9 })).claims.map(({ job }) => job.args)).toEqual(Array(9).fill([1]));
    await other.jobs.change({ ids: ['job-0000'], now: () => NOW, decide: () => ({ args: [2] }) });
    expect((await store.jobs.list({ ids: ['job-0000'] }))[0]).toMatchObject({ args: [2], tags: ['old'] });
    const forms = handle.prepare(`SELECT json_type(body), count(*) FROM carillon_definitions GROUP BY 1 ORDER BY 1`);
    expect(forms.raw().all()).toEqual([
      ['array', 6],
      ['object', 6],
    ]);
  });
});
