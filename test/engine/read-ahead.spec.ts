import { describe, expect, it } from '@jest/globals';
import { at as date } from '../../lib/triggers/index.js';
import { remotes } from './support/remote.js';
import { executorOf, job, START, World } from './support/world.js';

const JOBS = 4_000;

/** One node and many jobs that are due, in a store that is 40 ms away; how many claims were on their way at a time. */
async function drained(traits: { claimsAtOnce?: number; concurrency: number; others?: boolean; count?: number }) {
  const { clock } = new World();
  const executors = {
    default: executorOf(traits.concurrency),
    ...(traits.others === true && { background: executorOf(5) }),
  };
  const [remote] = remotes(1, clock, { watches: true, claimsAtOnce: traits.claimsAtOnce }).remotes;
  const world = new World({ stores: [remote.store], clock, executors }).handle('work');
  const jobs = Array.from({ length: traits.count ?? JOBS }, (_, index) =>
    job(`work-${index}`, date(START + 1_000), {}, { task: 'work' }),
  );
  const started = world.startAsync(...jobs);
  await clock.advanceAsync(60_000);
  await started;
  const claims = remote.calls.filter(({ method }) => method === 'jobs.claimDue');
  const together = claims.map(
    ({ at }) => claims.filter((it) => it.at <= at && (it.answeredAt ?? Infinity) > at).length,
  );
  const ran = new Set(world.calls.map(({ context }) => context.jobId));
  return { world, together: Math.max(...together), runs: world.calls.length, jobs: ran.size };
}

describe('a node that is behind', () => {
  it('reads the next claim while the last one is made durable, and runs each job once', async () => {
    const { together, runs, jobs } = await drained({ claimsAtOnce: 2, concurrency: 1_000 });
    expect({ together, runs, jobs }).toEqual({ together: 2, runs: JOBS, jobs: JOBS });
  });

  it('claims one after the other where the store does not say otherwise', async () => {
    expect(await drained({ concurrency: 1_000 })).toMatchObject({ together: 1, runs: JOBS });
  });

  it('claims one after the other where there are other executors, whose room a claim may take', async () => {
    const traits = { claimsAtOnce: 2, concurrency: 1_000, others: true };
    expect(await drained(traits)).toMatchObject({ together: 1, runs: JOBS });
  });

  it('claims no more than it has room for, and is not held up by that', async () => {
    const { together, runs, world } = await drained({ claimsAtOnce: 2, concurrency: 600 });
    expect({ together, runs }).toEqual({ together: 1, runs: JOBS });
    expect(world.typesOf('lease.lost')).toHaveLength(0);
  });
});

describe('a node that is not behind', () => {
  it('claims once at a time', async () => {
    expect(await drained({ claimsAtOnce: 2, concurrency: 1_000, count: 400 })).toMatchObject({
      together: 1,
      runs: 400,
    });
  });
});
