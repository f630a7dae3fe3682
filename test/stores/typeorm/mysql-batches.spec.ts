import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { describeOnServer } from '../../support/servers/index.js';
import { batchCases, claimed, idOf, on, rows, settle } from './batch-cases.js';
import type { BatchEngine } from './batch-cases.js';
import { driverWith, MySqlPlace, server } from './mysql-place.js';
import { LEASE, NOW, planMinutes, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

let place: MySqlPlace;

const engine: BatchEngine = {
  begin: 'START TRANSACTION',
  waits: `SELECT 1 FROM information_schema.processlist
    WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE '%claimed_batches%FOR UPDATE%'`,
  async lockFirst() {
    const first = 'SELECT runs FROM carillon_claimed_batches ORDER BY batch_key LIMIT 1 FOR UPDATE';
    const [{ runs }] = await place.ask(first);
    const keys = (JSON.parse(runs as string) as number[][]).map(([jobKey]) => jobKey);
    const inIt: { id: string }[] = await place.ask('SELECT id FROM carillon_definitions WHERE job_key IN (?)', [keys]);
    return inIt.map(({ id }) => id);
  },
  countDeadlocks() {
    let deadlocks = 0;
    const driver = driverWith((packet) => {
      packet.send(((error: { errno?: number } | null, answer: unknown) => {
        if (error?.errno === 1213) deadlocks++;
        packet.fail(error, answer);
      }) as (error: unknown) => void);
      return true;
    });
    return { driver, deadlocks: () => deadlocks };
  },
};

describeOnServer(server, 'runs of one claim that lie in few rows on MariaDB', () => {
  beforeEach(async () => {
    on.place = place = new MySqlPlace();
    await place.make();
    on.store = await place.open();
  });
  afterEach(() => place.clear());

  batchCases(engine);

  it('are settled in one try each, but the first, where another node has taken their row apart', async () => {
    const claims = await claimed(planMinutes, 64);
    const other = await place.open();
    const decide = () => ({ name: 'changed' });
    await other.jobs.change({ ids: [claims[0].jobId], now: () => NOW, decide });
    expect(await rows()).toMatchObject({ batches: 0, open: 64 });
    const lastBlock = async () => Number((await place.ask('SELECT MAX(block) AS last FROM carillon_blocks'))[0].last);
    const transactions: number[] = [];
    for (const it of claims.slice(0, 4)) {
      const before = await lastBlock();
      expect(await settle([succeeded(it)])).toEqual([true]);
      transactions.push((await lastBlock()) - before);
    }
    expect(transactions).toEqual([2, 1, 1, 1]);
  });

  it('block the next run of their job also where their row is taken apart while a claim looks at it', async () => {
    const claims = await claimed(planMinutes, 70);
    let isTaken = false;
    const driver = driverWith(({ text, send }) => {
      if (isTaken || !/claimed_batches .*WHERE batch_key IN/s.test(text) || text.includes('FOR UPDATE')) return false;
      isTaken = true;
      const some = [...claims.slice(0, 3), ...claims.slice(64, 66)];
      void Promise.resolve(on.store.jobs.renew(some, NOW + 3 * LEASE)).then(() => {
        send();
      });
      return true;
    });
    const other = await place.open({ options: { ...place.options, driver } });
    const now = NOW + 60_000;
    const { claims: next } = await other.jobs.claimDue(
      {
        ...{ node: 'n2', now, until: now, limit: 500, leaseUntil: now + LEASE, recoverBefore: null, isPaused: false },
        ...{ exceptTasks: new Set<string>(), exceptExecutors: new Set<string>() },
      },
      (job, unsettled) => (unsettled.length > 0 ? null : planMinutes(job)),
    );

    expect(isTaken).toBe(true);
    expect(next.map(idOf)).toEqual([]);
  });
});
