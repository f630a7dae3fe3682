import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { describeOnServer } from '../../support/servers/index.js';
import { PostgresDatabase, PostgresPlace, server, waitingStore } from './postgres-place.js';
import { BEFORE, claimAhead, COUNT, jobsInTurn, released } from './stop-parts.js';
import { NOW, put } from './store-parts.js';

jest.setTimeout(60_000);

describeOnServer(server, 'a node on PostgreSQL that stops with many runs claimed ahead', () => {
  const database = new PostgresDatabase();
  let place: PostgresPlace;

  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(() => {
    place = new PostgresPlace(database);
  });
  afterEach(() => place.clear());

  it('gives all of them back at once, each for its own time', async () => {
    const { store, waits } = await waitingStore(place);
    await put(store, jobsInTurn());
    const claims = await claimAhead(store);
    waits.length = 0;
    expect(await store.jobs.settle(claims.map(released))).toEqual(claims.map(() => true));

    expect(waits.length).toBeLessThanOrEqual(6);
    const { runs } = await store.history.page({ states: ['waiting'], limit: COUNT });
    expect(runs.map(({ dueAt, attempt }) => [dueAt, attempt])).toEqual(claims.map((_, n) => [NOW + n, 0]).reverse());
  });

  it.each([true, false])('takes their jobs back together (history kept: %s)', async (keepHistory) => {
    const { store, waits } = await waitingStore(place);
    await put(store, jobsInTurn(keepHistory));
    expect(await claimAhead(store)).toHaveLength(COUNT);
    waits.length = 0;
    const ids = jobsInTurn().map(({ id }) => id);
    await store.jobs.change({ ids, now: () => BEFORE, decide: () => ({ withdraw: true }) });

    expect(waits.length).toBeLessThanOrEqual(12);
    expect((await store.jobs.list()).map(({ fireTime }) => fireTime)).toEqual(
      jobsInTurn().map(({ fireTime }) => fireTime),
    );
    expect((await store.history.page({ limit: COUNT })).runs).toEqual([]);
  });
});
