import { describe, expect, it } from '@jest/globals';
import type { RunPage } from '../../lib/core/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { remotes } from './support/remote.js';
import { deferred, job, START, World } from './support/world.js';

const LEASE = 10_000;
const SECOND = 1_000;
const WORK = job('work', every({ seconds: 10 }));

/** Nodes whose round trips take time. */
async function nodes(count: number, work = WORK, traits: { watches?: boolean; tells?: boolean; ahead?: number } = {}) {
  const { clock } = new World();
  const network = remotes(count, clock, traits);
  const worlds = network.remotes.map(
    ({ store }, index) => new World({ stores: [store], clock, node: `node-${index + 1}` }),
  );
  for (const world of worlds) {
    const started = world.handle('work').startAsync(work);
    await clock.advanceAsync(SECOND);
    await started;
  }
  return { ...network, worlds, clock };
}

describe('round trips that take time', () => {
  it('do not make runs late, since claims are made ahead, nor early (P15)', async () => {
    const { clock, worlds } = await nodes(2, WORK, { watches: true });
    await clock.advanceAsync(60 * SECOND);
    const late = worlds.flatMap((world) => world.calls.map(({ at, context }) => at - context.fireTime.getTime()));
    expect(late).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('make runs late by one, where nobody would say that a claim was withdrawn', async () => {
    const { clock, worlds } = await nodes(2);
    await clock.advanceAsync(60 * SECOND);
    const late = worlds.flatMap((world) => world.calls.map(({ at, context }) => at - context.fireTime.getTime()));
    expect(late).toEqual([40, 40, 40, 40, 40, 40]);
  });

  describe('make none of many runs late by more than two,', () => {
    /** One node with 200 runs in one second, and somebody who changes jobs meanwhile. */
    async function lateness(
      traits: { watches: boolean; tells?: boolean },
      change: (client: World, step: number) => unknown,
    ) {
      const { clock } = new World();
      const [remote, elsewhere] = remotes(2, clock, traits).remotes;
      const world = new World({ stores: [remote.store], clock, concurrency: 300 }).handle('work');
      const client = new World({ stores: [elsewhere.store], clock, node: 'client', options: { role: 'client' } });
      const jobs = Array.from({ length: 200 }, (_, index) =>
        job(`work-${index}`, date(START + 10_000 + 5 * index), {}, { task: 'work' }),
      );
      const started = [world.startAsync(...jobs), client.startAsync()];
      await clock.advanceAsync(9 * SECOND);
      await Promise.all(started);
      for (let step = 0; step < 300; step++) {
        change(client, step);
        await clock.advanceAsync(10);
      }
      const late = world.calls.map(({ at, context }) => at - context.fireTime.getTime());
      expect(late).toHaveLength(200);
      const renewals = remote.calls.filter(({ method }) => method === 'jobs.renew').length;
      return Object.assign(late, { renewals });
    }

    it('where nobody would say that a claim was withdrawn', async () => {
      const late = await lateness({ watches: false }, () => undefined);
      expect(Math.max(...late)).toBeLessThanOrEqual(80);
    });

    it('nor renew any, where the store tells that none was withdrawn', async () => {
      const late = await lateness({ watches: false, tells: true }, () => undefined);
      expect(Math.max(...late)).toBeLessThanOrEqual(80);
      // The rounds of each third of a lease are all.
      expect(late.renewals).toBeLessThanOrEqual(4);
    });

    it('while others change jobs all the time', async () => {
      const late = await lateness({ watches: true }, ({ scheduler }, step) => {
        const other = job(`other-${step}`, every({ hours: 1 }), {}, { origin: 'runtime', task: 'work' });
        return scheduler.add([other], { replaceExisting: false });
      });
      expect(Math.max(...late)).toBeLessThanOrEqual(80);
    });
  });

  it('are asked behind: no run starts but upon an answer to what was sent when it was due', async () => {
    const { clock } = new World();
    const [remote] = remotes(1, clock, { tells: true }).remotes;
    const world = new World({ stores: [remote.store], clock, concurrency: 300 }).handle('work');
    const jobs = Array.from({ length: 100 }, (_, index) =>
      job(`work-${index}`, date(START + 10 * index), {}, { task: 'work' }),
    );
    const started = world.startAsync(...jobs);
    await clock.advanceAsync(3 * SECOND);
    await started;

    const questions = remote.calls.filter(
      ({ method }) => method === 'jobs.claimDue' || method === 'jobs.hasForeignWrites',
    );
    const isAsked = ({ at, context }: World['calls'][number]): boolean =>
      questions.some((it) => it.at >= context.fireTime.getTime() && it.answeredAt !== undefined && it.answeredAt <= at);
    expect(world.calls.length).toBeGreaterThan(80);
    expect(world.calls.filter((call) => !isAsked(call)).map(({ at }) => at)).toEqual([]);
  });

  it('of half a second each way leave each fire time one run, on time by the store’s clock', async () => {
    const { clock, remotes: all, worlds } = await nodes(2, WORK, { ahead: 3_600_000 });
    for (const remote of all) Object.assign(remote, { there: 300, back: 300 });
    await clock.advanceAsync(120 * SECOND);
    const fireTimes = worlds.flatMap((world) => world.calls.map((call) => call.context.fireTime.getTime()));
    expect(new Set(fireTimes).size).toBe(fireTimes.length);
    expect(fireTimes.length).toBeGreaterThanOrEqual(10);
    for (const world of worlds) {
      for (const { at, context } of world.calls) {
        // Read with a claim, at the middle of its round trip: half of the difference of the two ways is its error.
        expect(at + 3_600_000 - context.fireTime.getTime()).toBeGreaterThanOrEqual(-20);
        // What falls due while its claim is on the way is asked for once more.
        expect(at + 3_600_000 - context.fireTime.getTime()).toBeLessThan(2 * 600 + 20);
      }
    }
  });

  it('count against the lease: it begins before the statement is sent', async () => {
    const { clock, remotes: all, worlds, base } = await nodes(1, job('work', date('2026-03-01T00:00:20Z')));
    worlds[0].handle('work', () => deferred().promise);
    await clock.advanceAsync(20 * SECOND);
    expect(worlds[0].calls).toHaveLength(1);
    // From here on answers take longer and longer, and renewals arrive late; the handler must be aborted before the
    // store lets somebody else have its run.
    Object.assign(all[0], { there: 50, back: 14 * SECOND });
    const { signal } = worlds[0].calls[0].context;
    let tookOver = false;
    for (let step = 0; step < 600 && !signal.aborted; step++) {
      await clock.advanceAsync(100);
      const { runs } = base.history.page({ jobId: 'work', limit: 1 }) as RunPage;
      tookOver ||= runs[0].leaseUntil !== null && runs[0].leaseUntil < clock.now();
    }
    expect(signal.aborted).toBe(true);
    expect(tookOver).toBe(false);
  });
});

describe('a connection that is cut', () => {
  it('after a settle was done and before its answer: the same settle again counts once', async () => {
    const { clock, remotes: all, worlds } = await nodes(1);
    all[0].deafTo.add('jobs.settle');
    await clock.advanceAsync(11 * SECOND);
    all[0].deafTo.clear();
    await clock.advanceAsync(2 * SECOND);
    expect(worlds[0].calls).toHaveLength(1);
    expect(worlds[0].typesOf('run.succeeded')).toHaveLength(1);
    expect(worlds[0].typesOf('lease.lost')).toHaveLength(0);
  });

  it('after a claim was done and before its answer: the run is not lost, and run by one node', async () => {
    const { clock, remotes: all, worlds, base } = await nodes(2, job('work', date('2026-03-01T00:00:20Z')));
    for (const remote of all) remote.deafTo.add('jobs.claimDue');
    const run = () => (base.history.page({ jobId: 'work', limit: 1 }) as RunPage).runs[0];
    // A store that seems to be away is asked ever less often.
    for (let second = 0; second < 60 && run() === undefined; second++) await clock.advanceAsync(SECOND);
    expect(run()).toMatchObject({ state: 'running', node: expect.stringMatching(/^node-[12]$/), token: 1 });
    // Its answer may be on its way still: that is to be lost, too.
    await clock.advanceAsync(SECOND);
    for (const remote of all) remote.deafTo.clear();
    await clock.advanceAsync(4 * LEASE);
    expect(worlds[0].calls.length + worlds[1].calls.length).toBe(1);
    expect(run()).toMatchObject({ state: 'succeeded', token: 2 });
  });

  it('for a minute: told once, asked ever less often, and a lease is waited before others’ runs are recovered', async () => {
    const { clock, remotes: all, worlds } = await nodes(2, job('work', date('2026-03-01T00:00:10Z')));
    for (const world of worlds) world.handle('work', () => deferred().promise);
    await clock.advanceAsync(15 * SECOND);
    const busy = worlds.findIndex((world) => world.calls.length === 1);
    expect(busy).toBeGreaterThanOrEqual(0);
    const idle = 1 - busy;
    for (const remote of all) remote.isCut = true;
    await clock.advanceAsync(60 * SECOND);
    for (const [index, world] of worlds.entries()) {
      expect(world.typesOf('store.failed')).toHaveLength(1);
      expect(
        all[index].calls.filter(({ method, at }) => method === 'jobs.claimDue' && at > clock.now() - 30_000).length,
      ).toBeLessThan(8);
    }
    expect(worlds[busy].calls[0].context.signal.aborted).toBe(true);
    all[idle].isCut = false;
    const backAt = clock.now();
    while (worlds[idle].typesOf('store.recovered').length === 0) await clock.advanceAsync(100);
    const recoveredAt = clock.now();
    expect(recoveredAt - backAt).toBeLessThan(16 * SECOND);
    await clock.advanceAsync(LEASE - 200);
    expect(worlds[idle].calls).toHaveLength(0);
    await clock.advanceAsync(8 * SECOND);
    expect(worlds[idle].calls).toHaveLength(1);
  });
});

describe('a run that goes on for long', () => {
  it('is renewed, though others change something every other second and runs wait for their time', async () => {
    const { clock } = new World();
    const [remote, elsewhere] = remotes(2, clock, { watches: true }).remotes;
    const world = new World({ stores: [remote.store], clock }).handle('long', () => deferred().promise).handle('work');
    const client = new World({ stores: [elsewhere.store], clock, node: 'client', options: { role: 'client' } });
    const long = job('long', date(START + 2 * SECOND));
    const short = job('work', every({ seconds: 1 }));
    const started = [world.startAsync(long, short), client.startAsync()];
    await clock.advanceAsync(5 * SECOND);
    await Promise.all(started);
    for (let step = 0; step < 20; step++) {
      const other = job(`other-${step}`, every({ hours: 1 }), {}, { origin: 'runtime', task: 'work' });
      const added = client.scheduler.add([other], { replaceExisting: false });
      await clock.advanceAsync(1_500);
      await added;
    }
    expect(world.calls.length).toBeGreaterThan(20);
    expect(world.calls.filter(({ task }) => task === 'long').map(({ context }) => context.signal.aborted)).toEqual([
      false,
    ]);
  });
});

describe('a run that is cancelled on another node', () => {
  it('is aborted within a second where nodes are woken, however many wake-ups come', async () => {
    const { clock, worlds } = await nodes(2, WORK, { watches: true });
    for (const world of worlds) world.handle('work', () => deferred().promise);
    await clock.advanceAsync(START + 11 * SECOND - clock.now());
    const holder = worlds.findIndex(({ calls }) => calls.length === 1);
    const { scheduler } = worlds[1 - holder];
    const [{ runId, signal }] = worlds[holder].calls.map(({ context }) => context);
    const cancelled = scheduler.cancel(runId, 'no longer needed');
    for (let change = 0; change < 10 && !signal.aborted; change++) {
      await clock.advanceAsync(100);
      void scheduler.add([job(`other-${change}`, every({ hours: 1 }), {}, { origin: 'runtime', task: 'work' })], {
        replaceExisting: false,
      });
    }
    await cancelled;
    expect(signal.aborted).toBe(true);
  });
});

describe('a claim made ahead', () => {
  const changes: readonly [string, (world: World) => unknown][] = [
    ['pause', (world) => world.scheduler.pause('work', { by: null, reason: null, until: null })],
    ['reschedule', (world) => world.scheduler.reschedule('work', every({ hours: 1 }))],
  ];

  async function ahead(traits: { watches?: boolean; tells?: boolean }) {
    const { clock, worlds, remotes: all, base } = await nodes(2, WORK, traits);
    await clock.advanceAsync(START + 9_700 - clock.now());
    const holder = worlds.findIndex((world) => world.typesOf('run.claimed').length === 1);
    expect(holder).toBeGreaterThanOrEqual(0);
    return { clock, worlds, other: worlds[1 - holder], held: all[holder], away: all[1 - holder], store: base };
  }

  it.each(changes)('is withdrawn by %s on another node before it starts', async (_name, change) => {
    const { clock, worlds, other } = await ahead({ watches: true });
    const changed = change(other);
    await clock.advanceAsync(SECOND);
    await changed;
    expect(worlds.flatMap((world) => world.calls)).toHaveLength(0);
  });

  it.each(changes.flatMap(([name, change]) => [false, true].map((tells) => [name, tells, change] as const)))(
    'is looked at before it starts where no wake-up comes: %s, and the store tells of it: %s',
    async (_name, tells, change) => {
      const { clock, worlds, other } = await ahead({ tells });
      const changed = change(other);
      await clock.advanceAsync(SECOND);
      await changed;
      expect(worlds.flatMap((world) => world.calls)).toHaveLength(0);
    },
  );

  it('starts though the store could not say whether it was withdrawn, once it was renewed', async () => {
    const { clock, worlds, held } = await ahead({ tells: true });
    held.deafTo.add('jobs.hasForeignWrites');
    await clock.advanceAsync(SECOND);
    const [{ at, context }, ...others] = worlds.flatMap((world) => world.calls);
    expect([at - context.fireTime.getTime(), others]).toEqual([80, []]);
  });

  it.each(changes)('stays, once it has started, when a %s arrives that was sent before', async (_name, change) => {
    const { clock, worlds, other, away, store } = await ahead({ watches: true });
    const work = deferred();
    for (const world of worlds) world.handle('work', () => work.promise);
    away.there = 200;
    const changed = change(other);
    await clock.advanceAsync(2 * SECOND);
    await changed;
    const [{ context }, ...others] = worlds.flatMap((world) => world.calls);
    expect([context.signal.aborted, others]).toEqual([false, []]);
    work.resolve(undefined);
    await clock.advanceAsync(SECOND);
    const { runs } = store.history.page({ jobId: 'work', limit: 9 }) as RunPage;
    expect(runs.map(({ state, attempt }) => [state, attempt])).toEqual([['succeeded', 1]]);
  });

  it('is not started when it is cancelled on another node, and keeps the reason', async () => {
    const { clock, worlds, other, store } = await ahead({});
    const [run] = (store.history.page({ jobId: 'work', limit: 1 }) as RunPage).runs;
    const cancelled = other.scheduler.cancel(run.id, 'no longer needed');
    await clock.advanceAsync(SECOND);
    await cancelled;
    expect(worlds.flatMap((world) => world.calls)).toHaveLength(0);
    expect(store.history.find(run.id)).toMatchObject({
      state: 'cancelled',
      detail: expect.stringContaining('no longer needed'),
    });
  });

  it('is not started by the answer to a renewal that was sent before it was withdrawn', async () => {
    const { clock, worlds, other, held } = await ahead({ watches: true });
    // Somebody changes another job: the holder asks, and the answer takes its time.
    held.back = 600;
    const asked = other.scheduler.add([job('else', every({ hours: 1 }), {}, { origin: 'runtime', task: 'work' })], {
      replaceExisting: false,
    });
    await clock.advanceAsync(100);
    const paused = other.scheduler.pause('work', { by: null, reason: null, until: null });
    await clock.advanceAsync(5 * SECOND);
    await Promise.all([asked, paused]);
    expect(worlds.flatMap((world) => world.calls)).toHaveLength(0);
  });
});
