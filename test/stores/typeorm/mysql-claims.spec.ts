import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { ClaimResult, JobPlan, JobRecord, RunRecord, Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { driverWith, MySqlPlace, server } from './mysql-place.js';
import { claim, newJob, newJobs, NOW, planMinutes, planOnce, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

const MINUTE = 60_000;

let place: MySqlPlace;

const enter = async (store: Store, kind: 'manual' | 'backfill') =>
  await store.jobs.enter({
    runs: [{ jobId: 'a', kind, fireTime: NOW, dueAt: NOW + MINUTE, forced: false, args: null }],
    at: NOW,
    admit: () => ({ as: 'open' }),
  });

/** A claim, and the states of the runs that its plan was shown. */
async function shownTo(store: Store, planJob: (job: JobRecord) => JobPlan): Promise<[ClaimResult, string[]]> {
  const shown: string[] = [];
  const plan = (job: JobRecord, unsettled: readonly RunRecord[]): JobPlan => {
    shown.push(...unsettled.map((run) => run.kind));
    return planJob(job);
  };
  const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>() };
  const request = { node: 'n1', now: NOW, until: NOW, limit: 10, leaseUntil: NOW + MINUTE, recoverBefore: null };
  return [await store.jobs.claimDue({ ...request, ...except, isPaused: false }, plan), shown];
}

describeOnServer(server, 'claims on MariaDB', () => {
  beforeEach(async () => {
    place = new MySqlPlace();
    await place.make();
  });
  afterEach(() => place.clear());

  it('and settles under way at the same time wait for each other in one order: none is undone (P27)', async () => {
    const undone: string[] = [];
    const driver = driverWith(({ text }) => void (text.startsWith('ROLLBACK') && undone.push(text)));
    const store = await place.open({ options: { ...place.options, driver } });
    await put(store, newJobs(600));
    let ended: ReturnType<typeof succeeded>[] = [];
    let settled = 0;
    for (let round = 0; round < 12; round++) {
      const now = NOW + Math.floor(round / 3) * MINUTE;
      const [{ claims }, held] = await Promise.all([
        claim(store, { now, limit: 200 }, planMinutes),
        store.jobs.settle(ended),
      ]);
      settled += held.filter(Boolean).length;
      ended = claims.map((it) => succeeded(it, now));
    }

    expect([settled, ended.length, undone]).toEqual([2_200, 200, []]);
  });

  it('under way at the same time find different jobs, and go along due times: no more are locked than are taken', async () => {
    const asked: string[] = [];
    const driver = driverWith(({ text }) => void asked.push(...text.split(';\n')));
    const store = await place.open({ options: { ...place.options, driver } });
    await put(store, newJobs(400));
    const all = await Promise.all([claim(store, { limit: 150 }), claim(store, { limit: 150 })]);
    const ids = all.flatMap(({ claims }) => claims.map((it) => it.jobId));
    expect([store.jobs.claimsAtOnce, ids.length, new Set(ids).size]).toEqual([2, 300, 300]);

    const reads = asked.filter((text) => text.includes('FORCE INDEX (jobs_wake)') && text.includes('LEFT JOIN'));
    const plan = await place.ask(`EXPLAIN ${reads[0]}`);
    expect(plan.map((row: { table: string; key: string }) => [row.table, row.key])).toEqual([
      ['j', 'jobs_wake'],
      ['d', 'PRIMARY'],
    ]);
    for (const { Extra } of plan) expect(Extra).not.toMatch(/filesort|temporary|buffer/);
  });

  it('are shown the run that was entered before the first plan of its job', async () => {
    const store = await place.open();
    await put(store, [newJob('a')]);
    await enter(store, 'manual');
    const [{ claims }, shown] = await shownTo(store, planOnce);

    expect([claims.map((it) => it.run.kind), shown]).toEqual([['scheduled'], ['manual']]);
  });

  it('make no second run of a fire time that was backfilled before the first plan of its job', async () => {
    const store = await place.open();
    await put(store, [newJob('a')]);
    await enter(store, 'backfill');
    const [{ claims }] = await shownTo(store, planOnce);

    expect(claims).toEqual([]);
  });

  it('find the open runs of a job at each later plan', async () => {
    const store = await place.open();
    await put(store, [newJob('a')]);
    await claim(store, {}, (job) => planOnce(job, { fireTime: NOW, dueAt: NOW, finished: null }));
    const [, shown] = await shownTo(store, (job) => planOnce(job, { runs: [], runCount: 1 }));

    expect(shown).toEqual(['scheduled']);
  });

  it.each([1, 40])('settle each run in its own way, however many end alike: %i of 40', async (alike) => {
    const store = await place.open();
    await put(store, newJobs(40));
    const { claims } = await claim(store);
    const ended = claims.map((it, index) => {
      const at = NOW + Math.floor(index / alike);
      const output = index % 2 === 0 ? `line ${index}` : null;
      return { ...succeeded(it, at), attempt: 1, output } as ReturnType<typeof succeeded>;
    });
    expect(await store.jobs.settle(ended)).toEqual(ended.map(() => true));
    const { runs } = await store.history.page({ limit: 50 });
    const texts = new Map(runs.map((run) => [run.id, [run.startedAt, run.settledAt, run.output]]));

    expect(claims.map((it) => texts.get(it.runId))).toEqual(
      ended.map((it) => [it.at, it.at, it.kind === 'outcome' ? it.output : null]),
    );
  });
});
