import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { JobRecord, NewJob, PutOptions, Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { driverWith, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { claim, newJob, NOW } from './store-parts.js';

jest.setTimeout(60_000);

const REFUSE: PutOptions = { now: () => NOW, reconcile: () => 'refuse' };

const database = new PostgresDatabase();
let place: PostgresPlace;
let sent: string[];
/** What happens to the statement that adds: nothing else than asked, or its answer is lost. */
let cutting: 'before' | 'after' | null;
let store: Store;

const add = async (jobs: readonly NewJob[], by = store) => await by.jobs.put(jobs, REFUSE);
const named = (...ids: string[]) => ids.map((id) => newJob(id));
const destroy = (client: unknown): void => (client as any).connection.stream.destroy();

/** Versions and generations are the store's; all else must be as it was given. */
const given = ({ version: _version, generation: _generation, ...job }: JobRecord) => job;
const asGiven = ({ aliases: _aliases, ...job }: NewJob) => job;

describeOnServer(server, 'adding new jobs on PostgreSQL', () => {
  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(async () => {
    place = new PostgresPlace(database);
    sent = [];
    cutting = null;
    const driver = driverWith((text, client, send) => {
      sent.push(text);
      if (cutting === null || !text.includes('carillon_definitions (job_key')) return undefined;
      const when = cutting;
      cutting = null;
      if (when === 'before') {
        destroy(client);
        return undefined;
      }
      return send().then((answer: unknown) => {
        destroy(client);
        return Promise.reject(Object.assign(new Error('Connection terminated unexpectedly'), { answer }));
      });
    });
    store = await place.open({ options: { ...place.options, driver } });
    // The shape that all of them share is written with the first.
    await add(named('first'));
    sent.length = 0;
  });
  afterEach(() => place.clear());

  it('takes one statement, and they are there as they would be else', async () => {
    const jobs = [
      newJob('a', { args: [{ x: "it's" }] }),
      newJob('b', { fireTime: NOW + 60_000, tags: ['night', '"'] }),
    ];
    const results = await add(jobs);

    expect(sent).toHaveLength(1);
    expect(results.map(({ kind, before }) => [kind, before])).toEqual([
      ['added', null],
      ['added', null],
    ]);
    const listed = await store.jobs.list({ ids: ['a', 'b'] });
    expect(listed).toEqual(results.map(({ job }) => job));
    expect(listed.map(given)).toEqual(jobs.map(asGiven));
    expect(new Set(listed.map(({ generation }) => generation)).size).toBe(2);
    expect((await claim(store)).claims.map(({ jobId }) => jobId)).toEqual(['first', 'a']);
  });

  it('adds all or none when one of the ids is there', async () => {
    const results = await add(named('a', 'first', 'b'));
    expect(results.map(({ kind }) => kind)).toEqual(['added', 'refused', 'added']);
    expect((await store.jobs.list()).map(({ id }) => id)).toEqual(['a', 'b', 'first']);
  });

  it('gives an id that was taken away to a new job of a later generation', async () => {
    const [before] = await add(named('a'));
    await store.jobs.change({ ids: ['a'], now: () => NOW, decide: () => 'remove' });
    const [after] = await add(named('a'));
    expect(after.kind).toBe('added');
    expect(after.job.generation).toBeGreaterThan(before.job.generation);
  });

  it('of many callers at once, with ids in common, adds each job once', async () => {
    const other = await place.open();
    await add(named('warm'), other);
    const ids = Array.from({ length: 40 }, (_, index) => `job-${index}`);
    const results = await Promise.all(ids.flatMap((id) => [add(named(id)), add(named(id), other)]));
    const kinds = results.flat().map(({ kind, job }) => `${job.id} ${kind}`);
    expect(kinds.sort()).toEqual(ids.flatMap((id) => [`${id} added`, `${id} refused`]).sort());
  });

  it('wakes other nodes when one is due soon, and none when it is due late', async () => {
    const other = await place.open();
    const wakes = { count: 0 };
    const unwatch = other.jobs.watch!(
      () => wakes.count++,
      () => undefined,
    );
    // It looks once when it begins to listen.
    await until(() => !other.jobs.hasForeignWrites!() && wakes.count === 1);
    await add([newJob('late', { fireTime: Date.now() + 3_600_000 })]);
    await add([newJob('soon', { fireTime: Date.now() })]);
    await until(() => wakes.count > 1);
    expect(wakes.count).toBe(2);
    unwatch();
  });

  it.each(['before', 'after'] as const)('is done once when the connection is cut %s it was done', async (when) => {
    cutting = when;
    expect((await add(named('a'))).map(({ kind }) => kind)).toEqual(['added']);
    expect(cutting).toBeNull();
    expect((await store.jobs.list()).map(({ id }) => id)).toEqual(['a', 'first']);
  });

  describe('more than fit one statement', () => {
    const many = Array.from({ length: 4_500 }, (_, index) => `job-${index}`);

    it('go in one transaction, in as few statements', async () => {
      const results = await add(named(...many));
      expect(sent.map((text) => text.slice(0, 5))).toEqual(['BEGIN', ...Array<string>(3).fill('WITH '), 'COMMI']);
      expect(results.map(({ kind, job }) => `${job.id} ${kind}`)).toEqual(many.map((id) => `${id} added`));
      expect(new Set(results.map(({ job }) => job.generation)).size).toBe(4_500);
      expect(await store.jobs.list({ ids: many })).toHaveLength(4_500);
    });

    it('hold nothing when this process stands still between two of them', async () => {
      const limits: Promise<unknown>[] = [];
      const driver = driverWith((text, client, send) => {
        if (!text.startsWith('WITH ')) return undefined;
        const limit = `SELECT setting::integer FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'`;
        const answer = send();
        limits.push(client.query(limit).then(({ rows }) => rows[0].setting));
        return answer;
      });
      await add(named(...many), await place.open({ options: { ...place.options, driver } }));
      expect(new Set(await Promise.all(limits))).toEqual(new Set([5_000]));
    });

    it.each(['job-0', 'job-4499'])('are all or none when %s is there', async (there) => {
      await add(named(there));
      const refused = await add(named(...many));
      expect(refused.filter(({ kind }) => kind === 'refused').map(({ job }) => job.id)).toEqual([there]);
      expect(await store.jobs.list({ ids: many })).toHaveLength(4_500);
    });

    it.each(['before', 'after'] as const)('are added once when the connection is cut %s a statement', async (when) => {
      cutting = when;
      const results = await add(named(...many));
      expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['added']));
      expect(await store.jobs.list({ ids: many })).toHaveLength(4_500);
    });

    it('leave no transaction open when one of them cannot be written', async () => {
      const jobs = named(...many);
      await expect(add([...jobs, newJob('bad', { dueAt: 2 ** 70 })])).rejects.toThrow();
      expect(await store.jobs.list({ ids: many })).toEqual([]);
      expect(await add(named('next'))).toHaveLength(1);
    });
  });
});
