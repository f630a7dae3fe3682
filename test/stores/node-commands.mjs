/** What nodes in processes of their own do alike, whatever store they have: one command a message. */
const NONE = new Set();

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

/**
 * Answers the parent's commands; `dieBefore(n)` lets the process kill itself before its n-th step from then on.
 */
export function serveNode({ store, node, dieBefore }) {
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
      const results = await store.jobs.put(jobs, { now: () => 0, reconcile: () => null });
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
    /** As `drain`, but dies before the n-th step. */
    async dieAtStep({ step, ...window }) {
      dieBefore(step);
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
}
