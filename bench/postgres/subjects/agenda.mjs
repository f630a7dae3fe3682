// agenda 6 with its PostgreSQL backend, LISTEN/NOTIFY included, and as many jobs at once as it will take.
import { PostgresBackend } from '@agendajs/postgres-backend';
import { Agenda } from 'agenda';

const start = async (url, handle) => {
  const agenda = new Agenda({
    backend: new PostgresBackend({ poolConfig: { connectionString: url, max: 10 } }),
    processEvery: 1_000,
    maxConcurrency: 1_000,
    defaultConcurrency: 1_000,
    defaultLockLimit: 0,
    lockLimit: 0,
  });
  agenda.on('error', () => undefined);
  agenda.define('send', handle);
  await agenda.ready;
  return agenda;
};

export const name = 'agenda';

export async function open(url) {
  let work = () => undefined;
  const agenda = await start(url, (job) => work(job.attrs.data));
  return { agenda, onWork: (given) => (work = given) };
}

export async function fill({ agenda }, count, { now }) {
  for (let n = 0; n < count; n += 50) {
    const size = Math.min(50, count - n);
    await Promise.all(
      Array.from({ length: size }, (_, at) => agenda.schedule(new Date(now - 1_000), 'send', { n: n + at })),
    );
  }
}

export async function drain({ agenda, onWork }, { work, until }) {
  onWork(work);
  await agenda.start();
  await until();
}

export const close = () => undefined;

export async function listen(url, late) {
  const agenda = await start(url, (job) => late(Date.now() - job.attrs.data.dueAt));
  await agenda.start();
  return {
    schedule: async (dueAts) => {
      for (let from = 0; from < dueAts.length; from += 50) {
        const some = dueAts.slice(from, from + 50);
        await Promise.all(some.map((dueAt) => agenda.schedule(new Date(dueAt), 'send', { dueAt })));
      }
    },
    stop: () => agenda.stop(),
  };
}

export async function adder(url) {
  const agenda = await start(url, () => undefined);
  const when = new Date(Date.now() + 3_600_000);
  const one = () => agenda.schedule(when, 'send', { n: 1 });
  return { one, many: (count) => Promise.all(Array.from({ length: count }, one)), stop: () => agenda.stop() };
}
