import { afterAll, beforeAll, jest } from '@jest/globals';
import { describeJobStore } from '../../../lib/testing/describe-job-store.js';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { faultyDriver, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';

// A case of faults opens a store of its own for each step of an operation, over connections of its own.
jest.setTimeout(60_000);

const database = new PostgresDatabase();
let place: PostgresPlace;
/** Each case has an application of its own in the same tables: making tables takes longer than all the rest. */
const applications = new Map<Store, string>();
let cases = 0;

describeOnServer(server, `PostgreSQL ${server.version}`, () => {
  beforeAll(async () => {
    await database.make();
    place = new PostgresPlace(database);
  });
  afterAll(async () => {
    await place.clear();
    await database.clear();
  });

  describeJobStore('the TypeORM store on PostgreSQL', {
    create({ clock, application, fault }) {
      const options = { ...place.options, driver: faultyDriver(fault) };
      const own = `${application} ${++cases}`;
      const store = place.store({ application: own, clock, options });
      applications.set(store, own);
      return store;
    },
    second(store, { clock, application }) {
      const own = applications.get(store)!.replace(/^[^ ]+/, application);
      return place.store({ application: own, clock });
    },
    reopen: (store) => store,
    async corrupt(store, jobId) {
      await place.ask(
        `UPDATE carillon_definitions SET body = '{"id":' WHERE id = $1
         AND app_key = (SELECT app_key FROM carillon_applications WHERE name = $2)`,
        [jobId, applications.get(store)],
      );
    },
    hasFaults: true,
  });
});
