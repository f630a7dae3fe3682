import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { ClaimResult, Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { driverWith, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { claim, newJobs, NOW, planMinutes, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

const MINUTE = 60_000;
const database = new PostgresDatabase();
let place: PostgresPlace;
/** Has seen none of the jobs. */
let store: Store;
/** Looks for definitions by themselves. */
let looks: number;

/** Claims and settles five of the jobs, each of which goes on a minute later. */
async function five(by: Store, now = NOW): Promise<ClaimResult['claims']> {
  const { claims } = await claim(by, { now, limit: 5 }, planMinutes);
  expect(await by.jobs.settle(claims.map((it) => succeeded(it, now)))).toEqual(claims.map(() => true));
  return claims;
}

describeOnServer(server, 'definitions of jobs that come up again, on PostgreSQL', () => {
  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(async () => {
    place = new PostgresPlace(database);
    const other = await place.open({ listen: false });
    await put(
      other,
      newJobs(20, (index) => ({ args: [index], name: index % 2 === 0 ? 'even, \u{10ffff}"' : null })),
    );
    for (let times = 0; times < 4; times++) await five(other);
    looks = 0;
    const driver = driverWith((text) => {
      if (/^SELECT job_key, id, body/.test(text)) looks++;
    });
    store = await place.open({ listen: false, options: { ...place.options, driver } });
  });
  afterEach(() => place.clear());

  it('are read along with the jobs, once a process has met some that it does not know', async () => {
    const first = await five(store, NOW + MINUTE);
    expect(looks).toBe(1);
    const second = await five(store, NOW + MINUTE);

    expect(looks).toBe(1);
    const found = [...first, ...second].map(({ job }) => [job.id, job.args, job.name]);
    expect(found).toEqual(
      newJobs(10, (index) => ({ args: [index] })).map(({ id, args }, index) => [
        id,
        args,
        index % 2 === 0 ? 'even, \u{10ffff}"' : null,
      ]),
    );
  });

  it('are read no more once the process knows the jobs', async () => {
    for (let times = 0; times < 4; times++) await five(store, NOW + MINUTE);
    const known = await five(store, NOW + 2 * MINUTE);
    await place.ask(`UPDATE carillon_definitions SET body = '{' WHERE job_key IN
      (SELECT job_key FROM carillon_jobs ORDER BY wake_at, job_key LIMIT 5)`);
    const unread = await five(store, NOW + 2 * MINUTE);

    expect(known.map(({ job }) => job.args)).toEqual([[0], [1], [2], [3], [4]]);
    expect(unread.map(({ job }) => job.args)).toEqual([[5], [6], [7], [8], [9]]);
    expect(looks).toBe(1);
  });

  it('show one that is damaged, and the others as they are', async () => {
    await five(store, NOW + MINUTE);
    await place.ask(`UPDATE carillon_definitions SET body = '{' WHERE id = 'job-0007'`);
    const { claims } = await claim(store, { now: NOW + MINUTE, limit: 5 }, planMinutes);

    expect(claims.map(({ jobId }) => jobId)).toEqual(['job-0005', 'job-0006', 'job-0008', 'job-0009', 'job-0010']);
    expect((await store.jobs.list({ ids: ['job-0007'] }))[0]).toMatchObject({ status: 'unresolved' });
  });
});
