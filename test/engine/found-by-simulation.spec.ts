import { describe, expect, it } from '@jest/globals';
import { dueAtOf } from '../../lib/engine/fire-times.js';
import type { RunPage, Store } from '../../lib/core/index.js';
import { at, every } from '../../lib/triggers/index.js';
import { remotes } from './support/remote.js';
import { controlledStore } from './support/stores.js';
import { deferred, job, settle, World } from './support/world.js';

const SECOND = 1_000;
const LEASE = 10_000;

describe('what the simulator found, each by itself', () => {
  it('keeps a fire time whose jitter still runs when a pause ends by hand', async () => {
    const world = new World().handle('work');
    const trigger = every({ seconds: 10 }, { jitter: '9s' });
    world.start(job('work', trigger));
    const anchored = world.triggers.decode((await world.scheduler.get('work'))!.job.trigger);
    const fireTimes = anchored.fireTimes(world.clock.now(), 20);
    // The first that is due late enough to resume before, and has one before it that was missed by then.
    const pending = fireTimes.slice(1).find((fireTime) => dueAtOf('work', anchored, fireTime) - fireTime > 2)!;
    await world.scheduler.pause('work', { by: null, reason: null, until: null });
    world.clock.advance(pending + 1 - world.clock.now());
    await world.scheduler.resume('work', { catchUp: false });

    expect((await world.scheduler.get('work'))!.job.fireTime).toBe(pending);
  });

  it('leaves a reason for a fire time that was due and whose waiting run a new trigger takes back', async () => {
    const world = new World().handle('work');
    world.start(job('work', every({ seconds: 10 })));
    const { jobs } = world.stores[0];
    const due = world.clock.now() + 10 * SECOND;
    const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>(), isPaused: false };
    const request = { ...except, node: 'other', now: due, until: due, limit: 1, leaseUntil: due, recoverBefore: null };
    const made = { fireTime: due, firstFireTime: due, count: 1, countIsExact: true, dueAt: due, isBuffered: false };
    const nothing = { skips: [], cancel: [], drop: [], promote: [], runCount: 1, finished: null };
    const plan = { ...nothing, runs: [{ ...made, kind: 'scheduled' as const }], fireTime: due + 10, dueAt: due + 10 };
    const { claims } = await jobs.claimDue(request, () => plan);
    const release = { kind: 'release', at: due, attempt: 0, startedAt: null, dueAt: due + 5 * SECOND } as const;
    await jobs.settle(claims.map(({ runId, jobId, token }) => ({ ...release, runId, jobId, token })));
    world.clock.advance(10 * SECOND);
    await jobs.change({
      ids: ['work'],
      now: () => due,
      decide: () => ({ fireTime: due + 60_000, dueAt: due + 60_000 }),
    });

    await world.scheduler.reschedule('work', every({ hours: 1 }));

    expect(await world.runsOf('work')).toMatchObject([{ state: 'skipped', reason: 'rescheduled', fireTime: due }]);
  });

  it('aborts a handler at the end of its lease though a renewal hangs (P7, P24)', async () => {
    const { store } = controlledStore();
    let isHung = false;
    const jobs = new Proxy(store.jobs, {
      get: (target: any, name) => (isHung && typeof target[name] === 'function' ? hang : target[name]),
    });
    const world = new World({ stores: [{ ...store, jobs }] }).handle('work', () => deferred().promise);
    await world.startAsync(job('work', every({ seconds: 5 })));
    await world.clock.advanceAsync(5 * SECOND);
    isHung = true;
    const [{ context }] = world.calls;
    const [{ leaseUntil }] = await world.runsOf('work');
    const limit = world.clock.now() + 3 * LEASE;
    while (!context.signal.aborted && world.clock.now() < limit) await world.clock.advanceAsync(5);

    expect(world.clock.now() - leaseUntil!).toBeLessThanOrEqual(10);
  });

  it('starts no run early that it takes over, though the clock was set back since that was claimed', async () => {
    const { clock } = new World();
    const { remotes: all, base } = remotes(1, clock, { watches: true });
    const world = new World({ stores: [all[0].store], clock }).handle('work');
    const started = world.startAsync(job('work', every({ minutes: 1 })));
    await clock.advanceAsync(SECOND);
    await started;
    const now = clock.now();
    const { fireTime } = (await base.jobs.list({}))[0];
    const made = { fireTime: fireTime!, firstFireTime: fireTime!, count: 1, countIsExact: true, dueAt: fireTime! };
    const runs = [{ ...made, kind: 'scheduled' as const, isBuffered: false }];
    const nothing = { skips: [], cancel: [], drop: [], promote: [], runCount: 1, finished: null };
    const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>(), isPaused: false };
    const ahead = { node: 'dead', now: fireTime!, until: fireTime!, limit: 1, leaseUntil: now + SECOND };
    const after = fireTime! + 60 * SECOND;
    await base.jobs.claimDue({ ...except, ...ahead, recoverBefore: null }, () => ({
      ...{ ...nothing, runs, fireTime: after, dueAt: after },
    }));

    await clock.advanceAsync(fireTime! - 100 - clock.now());
    expect(world.typesOf('run.lost')).toHaveLength(1);
    expect(world.calls).toHaveLength(0);
    await clock.advanceAsync(200);
    expect(world.calls.map(({ at }) => at)).toEqual([fireTime]);
  });

  it('asks again for the time at a start when the answer was long on its way', async () => {
    const { clock } = new World();
    const { remotes: all } = remotes(1, clock);
    const world = new World({ stores: [all[0].store], clock }).handle('work');
    Object.assign(all[0], { there: 3_000, back: 0 });
    const opened = Promise.resolve(world.scheduler.open());
    await clock.advanceAsync(4 * SECOND);
    Object.assign(all[0], { there: 20, back: 20 });
    await clock.advanceAsync(10 * SECOND);
    await opened;

    expect(all[0].calls.filter(({ method }) => method === 'jobs.claimDue').length).toBeGreaterThan(1);
  });

  it('leaves no timer when a stop meets a start whose store answers later (U7)', async () => {
    const { clock } = new World();
    const base = controlledStore();
    await new World({ stores: [base.store], clock, node: 'first' }).handle('work').startAsync();
    const armed = clock.timerCount();
    const { store } = controlledStore({ base: base.store, turns: 10 });
    const world = new World({ stores: [store], clock, node: 'second' }).handle('work');
    await world.scheduler.open();
    await world.scheduler.putCode([]);
    const started = Promise.resolve(world.scheduler.start());
    for (let turn = 0; turn < 16; turn++) await Promise.resolve();
    const stopped = world.scheduler.stop();
    await Promise.all([started, stopped]);
    await settle();

    expect(clock.timerCount()).toBe(armed);
  });

  it('aborts a handler at the end of the lease that a renewal leaves which arrives after a later one (P7)', async () => {
    const { clock } = new World();
    const { remotes: all, base } = remotes(1, clock);
    const [remote] = all;
    let isDelayed = false;
    const renew: Store['jobs']['renew'] = (claims, until) => {
      // A round that is sent while one is held beside what runs; what is held is asked for by itself when it is due.
      const mustDelay = !isDelayed && claims.length === 2;
      isDelayed ||= mustDelay;
      remote.there = mustDelay ? LEASE - 10 : 20;
      const renewed = remote.store.jobs.renew(claims, until);
      remote.there = 20;
      return renewed;
    };
    const jobs = new Proxy(remote.store.jobs, {
      get: (target: any, name) => (name === 'renew' ? renew : target[name]),
    });
    const world = new World({ clock, stores: [{ ...remote.store, jobs }] }).handle('work', () => deferred().promise);
    const first = job('first', every({ seconds: 5 }), {}, { task: 'work' });
    const second = job('second', at(new Date(clock.now() + 10_500)), {}, { task: 'work' });
    const started = world.startAsync(first, second);
    await clock.advanceAsync(11 * SECOND);
    await started;
    const { signal } = world.calls.find(({ context }) => context.jobId === 'second')!.context;

    for (let step = 0; step < 2 * LEASE && !signal.aborted; step += 5) {
      await clock.advanceAsync(5);
      const [{ leaseUntil }] = (base.history.page({ jobId: 'second', limit: 1 }) as RunPage).runs;
      expect(signal.aborted || leaseUntil! > clock.now()).toBe(true);
    }
    expect(isDelayed).toBe(true);
  });
});

function hang(): Promise<never> {
  return new Promise(() => {});
}
