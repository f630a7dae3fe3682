// A node in a process of its own: does what its parent says, one command a message, and can die in the middle of a step.
import mysql2 from 'mysql2';
import { pathToFileURL } from 'node:url';

const [lib, where, node] = process.argv.slice(2);
const { url } = JSON.parse(where);
const { SystemClock } = await import(pathToFileURL(`${lib}/core/index.js`).href);
const { createTypeOrmStore } = await import(pathToFileURL(`${lib}/stores/typeorm/index.js`).href);
const NONE = new Set();
let stepsToLive = Infinity;
const inTransaction = new WeakSet();

/** A pool whose connections kill their process before a given packet of a transaction. */
function createPool(options) {
  const pool = mysql2.createPool(options);
  pool.on('connection', (connection) => {
    const query = connection.query.bind(connection);
    connection.query = (...parameters) => {
      const text = parameters[0]?.sql ?? parameters[0];
      if (text.includes('START TRANSACTION')) inTransaction.add(connection);
      if (inTransaction.has(connection) && --stepsToLive === 0) process.kill(process.pid, 'SIGKILL');
      if (/COMMIT|ROLLBACK/.test(text)) inTransaction.delete(connection);
      return query(...parameters);
    };
  });
  return pool;
}

const options = { type: 'mariadb', url, driver: { ...mysql2, createPool } };
const store = createTypeOrmStore({ alias: 'db', application: 'shop', clock: new SystemClock(), options });

const onePlan = (job) => ({
  runs: [
    {
      kind: 'scheduled',
      fireTime: job.fireTime,
      firstFireTime: job.fireTime,
      count: 1,
      countIsExact: true,
      dueAt: job.dueAt,
      isBuffered: false,
    },
  ],
  skips: [],
  cancel: [],
  drop: [],
  promote: [],
  fireTime: null,
  dueAt: null,
  runCount: job.runCount + 1,
  finished: 'ended',
});

function claim({ now, lease, limit, recoverBefore = null }) {
  const request = { node, now, until: now, limit, leaseUntil: now + lease, exceptTasks: NONE, exceptExecutors: NONE };
  return store.jobs.claimDue({ ...request, isPaused: false, recoverBefore }, onePlan);
}

function settle(claims, now) {
  const nothing = { reason: null, detail: null, error: null, result: null, output: null, afterwards: null };
  const outcomes = claims.map(({ runId, jobId, token, run }) => ({
    ...nothing,
    kind: 'outcome',
    outcome: 'succeeded',
    keepHistory: true,
    runId,
    jobId,
    token,
    at: now,
    attempt: run.attempt,
    startedAt: now,
  }));
  return store.jobs.settle(outcomes);
}

const COMMANDS = {
  open: () => store.jobs.open(),
  async put({ jobs }) {
    const results = await store.jobs.put(jobs, { at: 0, reconcile: () => null });
    return results.map((result) => result.kind);
  },
  /** Claims and settles until nothing is due, or some batches of it. */
  async drain({ now, lease, limit, batches = Infinity }) {
    const done = [];
    for (let batch = 0; batch < batches; batch++) {
      const { claims } = await claim({ now, lease, limit });
      if (claims.length === 0) return done;
      const answers = await settle(claims, now);
      done.push(...claims.filter((_, index) => answers[index]).map((it) => it.jobId));
    }
    return done;
  },
  /** Claims, settles every second one, and dies with the others in its hands. */
  async claimAndDie({ now, lease, limit }) {
    const { claims } = await claim({ now, lease, limit });
    await settle(
      claims.filter((_, index) => index % 2 === 0),
      now,
    );
    process.kill(process.pid, 'SIGKILL');
  },
  /** As `drain`, but dies before the n-th statement. */
  async dieAtStep({ step, ...window }) {
    stepsToLive = step;
    return COMMANDS.drain(window);
  },
  close: () => store.jobs.close(),
};

process.on('message', async ({ command, ...argument }) => {
  try {
    process.send({ answer: await COMMANDS[command](argument) });
  } catch (error) {
    process.send({ error: `${error.code}: ${error.message}` });
  }
});
process.send({ answer: 'ready' });
