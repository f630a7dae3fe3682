// pg-boss 12: four workers with batches of 1,000 jobs, asked for the next batch as long as batches are full.
import { PgBoss } from 'pg-boss';

const QUEUE = 'send';

export const name = 'pg-boss';

export async function open(url) {
  const boss = new PgBoss({ connectionString: url, max: 10 });
  boss.on('error', () => undefined);
  await boss.start();
  await boss.createQueue(QUEUE);
  return boss;
}

export async function fill(boss, count, { dueAt }) {
  for (let from = 0; from < count; from += 10_000) {
    const size = Math.min(10_000, count - from);
    const jobs = Array.from({ length: size }, (_, n) => ({
      data: { n: from + n },
      ...(dueAt ? { startAfter: new Date(dueAt(from + n)) } : {}),
    }));
    await boss.insert(QUEUE, jobs);
  }
}

const WORK = { batchSize: 1_000, localConcurrency: 4, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };

export async function drain(boss, { work, until }) {
  await boss.work(QUEUE, WORK, async (jobs) => {
    for (const { data } of jobs) work(data);
  });
  await until();
}

export const close = () => undefined;

export async function listen(url, late) {
  const boss = await open(url);
  await boss.work(QUEUE, WORK, async (jobs) => {
    for (const { data } of jobs) late(Date.now() - data.dueAt);
  });
  return {
    schedule: (dueAts) =>
      boss.insert(
        QUEUE,
        dueAts.map((dueAt) => ({ data: { dueAt }, startAfter: new Date(dueAt) })),
      ),
    stop: () => boss.stop({ graceful: false }),
  };
}

export async function adder(url) {
  const boss = await open(url);
  const startAfter = new Date(Date.now() + 3_600_000);
  return {
    one: () => boss.send(QUEUE, { n: 1 }, { startAfter }),
    many: (count) =>
      boss.insert(
        QUEUE,
        Array.from({ length: count }, () => ({ data: { n: 1 }, startAfter })),
      ),
    stop: () => boss.stop({ graceful: false }),
  };
}
