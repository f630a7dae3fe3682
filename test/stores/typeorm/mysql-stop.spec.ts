import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { describeOnServer } from '../../support/servers/index.js';
import { driverWith, MySqlPlace, server } from './mysql-place.js';
import { BEFORE, claimAhead, COUNT, jobsInTurn, released } from './stop-parts.js';
import { NOW, put } from './store-parts.js';

jest.setTimeout(60_000);

describeOnServer(server, 'a node on MariaDB that stops with many runs claimed ahead', () => {
  let place: MySqlPlace;
  let packets = 0;

  beforeEach(async () => {
    place = new MySqlPlace();
    await place.make();
  });
  afterEach(() => place.clear());

  const countingStore = () => place.open({ options: { ...place.options, driver: driverWith(() => void packets++) } });

  it('gives all of them back at once, each for its own time', async () => {
    const store = await countingStore();
    await put(store, jobsInTurn());
    const claims = await claimAhead(store);
    packets = 0;
    expect(await store.jobs.settle(claims.map(released))).toEqual(claims.map(() => true));

    expect(packets).toBeLessThanOrEqual(12);
    const { runs } = await store.history.page({ states: ['waiting'], limit: COUNT });
    expect(runs.map(({ dueAt, attempt }) => [dueAt, attempt])).toEqual(claims.map((_, n) => [NOW + n, 0]).reverse());
  });

  it.each([true, false])('takes their jobs back together (history kept: %s)', async (keepHistory) => {
    const store = await countingStore();
    await put(store, jobsInTurn(keepHistory));
    expect(await claimAhead(store)).toHaveLength(COUNT);
    packets = 0;
    const ids = jobsInTurn().map(({ id }) => id);
    await store.jobs.change({ ids, now: () => BEFORE, decide: () => ({ withdraw: true }) });

    expect(packets).toBeLessThanOrEqual(20);
    expect((await store.jobs.list()).map(({ fireTime }) => fireTime)).toEqual(
      jobsInTurn().map(({ fireTime }) => fireTime),
    );
    expect((await store.history.page({ limit: COUNT })).runs).toEqual([]);
  });
});
