// A node in a process of its own: does what its parent says, one command a message, and can die between two scripts.
import { pathToFileURL } from 'node:url';

const [lib, place, node] = process.argv.slice(2);
const [url, keyPrefix] = place.split('#');
const { SystemClock } = await import(pathToFileURL(`${lib}/core/index.js`).href);
const { createRedisStore } = await import(pathToFileURL(`${lib}/stores/redis/index.js`).href);
const { Redis } = await import('ioredis');
const NONE = new Set();

/** Scripts that are sent yet before this process dies, and one. */
let stepsToLive = Infinity;

const client = new Redis(url, { lazyConnect: true });
const send = client.evalsha.bind(client);
client.evalsha = async (...args) => {
  if (--stepsToLive <= 0) process.kill(process.pid, 'SIGKILL');
  return await send(...args);
};
const store = createRedisStore({ alias: 'redis', application: 'shop', clock: new SystemClock(), client, keyPrefix });

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
  /** As `drain`, but dies before the n-th script. */
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
