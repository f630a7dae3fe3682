import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { HEARD_WITHIN } from '../../../lib/core/index.js';
import type { JobPatch } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { claim, newJob, planMinutes, put } from './store-parts.js';

jest.setTimeout(60_000);

describeOnServer(server, 'a change on PostgreSQL of a job that is claimed ahead', () => {
  const database = new PostgresDatabase();
  let place: PostgresPlace;

  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(() => {
    place = new PostgresPlace(database);
  });
  afterEach(() => place.clear());

  async function claimedAhead(now: number, options: object = {}) {
    const store = await place.open(options);
    await put(store, [newJob('a', { fireTime: now + 20_000 })]);
    const ahead = { now, until: now + 30_000, leaseUntil: now + 60_000 };
    expect((await claim(store, ahead, planMinutes)).claims).toHaveLength(1);
    return store;
  }

  it.each<[what: string, patch: JobPatch, later: number]>([
    ['takes it back waits for its owner to hear of it', { withdraw: true }, HEARD_WITHIN],
    ['leaves it to its owner makes that one doubt nothing', { name: 'new', pause: null }, 0],
  ])('that %s', async (_what, patch, later) => {
    const now = Date.now();
    const store = await claimedAhead(now);
    let doubts = 0;
    const unwatch = store.jobs.watch!(
      () => undefined,
      () => doubts++,
    );
    await until(() => !store.jobs.hasForeignWrites!());
    doubts = 0;
    const decidedAt: number[] = [];
    await store.jobs.change({ ids: ['a'], now: () => now, decide: (_job, _runs, at) => (decidedAt.push(at), patch) });
    unwatch();

    expect([decidedAt.at(-1)! - now, doubts > 0]).toEqual([later, later > 0]);
  });

  it('takes back where "listen" leads nowhere: it is said where the pool’s connections lead', async () => {
    const now = Date.now();
    const store = await claimedAhead(now, { listen: 'postgres://127.0.0.1:1/nowhere' });
    await store.jobs.change({ ids: ['a'], now: () => now, decide: () => ({ withdraw: true }) });

    expect((await store.history.page({ jobId: 'a', limit: 10 })).runs).toEqual([]);
  });
});
