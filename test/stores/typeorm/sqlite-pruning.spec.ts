import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import { eachWithItsStore, place, store } from './sqlite-case.js';
import { claim, newJob, NOW, planMinutes, planOnce, put, succeeded } from './store-parts.js';

const DAY = 86_400_000;
/** More than one look goes through. */
const MANY = 12_000;

eachWithItsStore();

const request = { at: NOW + DAY, settledBefore: NOW + DAY / 2, keepPerJob: null, limit: 1_000 };
const aged = (age: number) => ({ policy: { ...DEFAULT_POLICY, history: { age, count: null } } });

/** One settled run of each job; the other plan leaves them active. */
async function settledOf(jobs: ReturnType<typeof newJob>[], plan = planMinutes): Promise<void> {
  await put(store, jobs);
  const { claims } = await claim(store, {}, plan);
  await store.jobs.settle(claims.map((it) => succeeded(it)));
}

/** Copies of the row of a table with that key: `changes` by column, in SQL, of the number `n` of the copy. */
function copy(table: string, keyColumn: string, key: number, changes: Record<string, string>): void {
  const handle = place.handle();
  const columns = (handle.pragma(`table_info(carillon_${table})`) as { name: string }[]).map(({ name }) => name);
  const copied = columns.map((name) => changes[name] ?? name);
  handle.exec(`WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ${MANY})
    INSERT INTO carillon_${table} (${columns.join(', ')}) SELECT ${copied.join(', ')} FROM many CROSS JOIN
      (SELECT * FROM carillon_${table} WHERE ${keyColumn} = ${key})`);
}

/** What the work answers, and how often other work of the process had its turn meanwhile. */
async function withOthers<T>(work: () => T | Promise<T>): Promise<{ answer: T; turns: number }> {
  let turns = 0;
  let isOver = false;
  const other = (): void => {
    turns++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const answer = await work();
  isOver = true;
  return { answer, turns };
}

async function left(jobId: string): Promise<number> {
  return (await store.history.page({ jobId, limit: 20_000 })).runs.length;
}

describe('prune on SQLite', () => {
  it('lets others have their turn while it looks through history by time that is kept', async () => {
    await settledOf([newJob('kept', aged(9 * DAY)), newJob('old')]);
    copy('run_rows', 'job_key', 1, { run_key: '1000 + n', fire_time: 'fire_time - n' });

    const pruned = await withOthers(() => store.history.prune(request));

    expect([pruned.answer, await left('kept'), await left('old')]).toEqual([1, MANY + 1, 0]);
    expect(pruned.turns).toBeGreaterThanOrEqual(2);
  });

  it('lets others have their turn while it looks at many jobs with an age of their own', async () => {
    await settledOf([newJob('kept', aged(DAY / 4)), newJob('last', aged(DAY / 4))]);
    copy('jobs', 'job_key', 1, { job_key: '1000 + n' });
    place.handle().exec('UPDATE carillon_run_rows SET job_key = 1000 + 11000 WHERE job_key = 1');

    const pruned = await withOthers(() => store.history.prune({ ...request, settledBefore: null }));

    expect([pruned.answer, await left('last')]).toEqual([2, 0]);
    expect(pruned.turns).toBeGreaterThanOrEqual(2);
  });

  it('lets others have their turn while it looks at removed jobs whose runs are kept', async () => {
    await settledOf([newJob('kept'), newJob('gone')]);
    await store.jobs.change({ ids: ['kept', 'gone'], now: () => NOW, decide: () => 'remove' });
    copy('jobs', 'job_key', 1, { job_key: '1000 + n' });
    copy('run_rows', 'job_key', 1, { run_key: '1000 + n', job_key: '1000 + n' });
    place.handle().exec('DELETE FROM carillon_run_rows WHERE job_key IN (2, 2000, 9000)');

    const pruned = await withOthers(() => store.history.prune({ ...request, settledBefore: null }));

    const jobs = place.handle().prepare('SELECT count(*) FROM carillon_jobs').pluck().get();
    expect([pruned.answer, jobs]).toEqual([0, MANY + 2 - 3]);
    expect(pruned.turns).toBeGreaterThanOrEqual(2);
  });

  it('deletes no more than it may in one call, and goes on behind that in the next', async () => {
    await settledOf([newJob('kept', aged(9 * DAY)), newJob('old')]);
    copy('run_rows', 'job_key', 1, { run_key: '1000 + n', fire_time: 'fire_time - n' });
    copy('run_rows', 'job_key', 2, { run_key: '50000 + n', fire_time: 'fire_time - n' });
    const counts = [];
    for (let count = 7_000; count === 7_000;) {
      counts.push((count = await store.history.prune({ ...request, limit: 7_000 })));
    }

    expect([counts, await left('kept'), await left('old')]).toEqual([[7_000, MANY + 1 - 7_000], MANY + 1, 0]);
  });

  it('ends for each of two callers that are at it in turn', async () => {
    await settledOf([newJob('kept', aged(9 * DAY)), newJob('old', aged(DAY / 4))]);
    copy('run_rows', 'job_key', 1, { run_key: '1000 + n', fire_time: 'fire_time - n' });

    const both = [request, { ...request, at: NOW + DAY + 1 }].map(async (it) => store.history.prune(it));

    expect((await Promise.all(both)).sort()).toEqual([0, 1]);
  });

  it('answers at once where there is little to look at', async () => {
    await settledOf([newJob('old')], planOnce);

    expect(store.history.prune(request)).toBe(1);
  });
});
