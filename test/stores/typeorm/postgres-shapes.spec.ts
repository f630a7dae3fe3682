import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { describeOnServer } from '../../support/servers/index.js';
import { PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { newJob, put } from './store-parts.js';

jest.setTimeout(60_000);

const database = new PostgresDatabase();
let place: PostgresPlace;

const tasks = async () =>
  (await place.ask('SELECT task FROM carillon_shapes ORDER BY task')).map((row: { task: string }) => row.task);

describeOnServer(server, 'what jobs share, on PostgreSQL', () => {
  beforeAll(async () => database.make());
  afterAll(async () => database.clear());
  beforeEach(() => {
    place = new PostgresPlace(database);
  });
  afterEach(async () => place.clear());

  it('is written once by processes that put it together', async () => {
    const stores = await Promise.all([place.open(), place.open(), place.open()]);
    const names = Array.from({ length: 40 }, (_, index) => `Task${String(index).padStart(2, '0')}.run`);
    await Promise.all(
      stores.map(async (store, number) =>
        put(
          store,
          names.map((task) => newJob(`${number}-${task}`, { task })),
        ),
      ),
    );
    expect(await tasks()).toEqual(names);
    const found = await (await place.open()).jobs.list();
    expect(found.map(({ id, task }) => id.slice(2) === task)).toEqual(Array(120).fill(true));
  });

  it('is found again in a database whose encoding is not UTF-8', async () => {
    const name = `${database.name}_latin`;
    await place.ask(`CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    const options = { ...place.options, url: url.href };
    try {
      for (const id of ['a', 'b']) {
        const store = await place.open({ options });
        await put(store, [newJob(id, { task: 'Débit.émettre' })]);
        expect(await store.jobs.list()).toMatchObject([...'ab'].slice(0, id === 'a' ? 1 : 2).map((it) => ({ id: it })));
        await store.jobs.close();
      }
      const again = await place.open({ options });
      expect((await again.jobs.list()).map(({ task }) => task)).toEqual(['Débit.émettre', 'Débit.émettre']);
      await again.jobs.close();
    } finally {
      await place.ask(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
