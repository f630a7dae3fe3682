import { describeJobStore } from '../../../lib/testing/describe-job-store.js';
import type { Store } from '../../../lib/core/index.js';
import { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import { faultyDriver, SqlitePlace } from './sqlite-place.js';

const places = new Map<Store, SqlitePlace>();

function placed(place: SqlitePlace, store: Store): Store {
  places.set(store, place);
  return store;
}

describeJobStore('the TypeORM store on SQLite', {
  create({ clock, application, fault }) {
    const place = new SqlitePlace();
    const driver = faultyDriver(fault);
    const options = { type: 'better-sqlite3', database: place.file, driver } as const;
    return placed(place, createTypeOrmStore({ alias: 'db', application, clock, options }));
  },
  second(store, { clock, application }) {
    const place = places.get(store)!;
    return placed(place, place.store({ clock, application }));
  },
  reopen: (store) => store,
  corrupt(store, jobId) {
    const handle = places.get(store)!.handle();
    handle.prepare(`UPDATE carillon_definitions SET body = '{"id":' WHERE id = ?`).run(jobId);
  },
  hasFaults: true,
  async destroy(store) {
    await store.jobs.close();
    await places.get(store)!.clear();
  },
});
