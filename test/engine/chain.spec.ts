import { describe, expect, it } from '@jest/globals';
import type { Hook, HookOutcome, JobHooks } from '../../lib/core/index.js';
import { JobContext } from '../../lib/core/index.js';
import { RunCancelledError, RunTimedOutError, SkipRunSignal } from '../../lib/engine/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { deferred, job, settle, START, World } from './support/world.js';

const due = date('2026-03-01T00:00:01Z');

function hook(name: string, call: Hook['call']): Hook {
  return { name, call };
}

/** A world with one job that is due in a second, and its hooks. */
function worldWith(hooks: JobHooks, handler: (args: unknown, context: JobContext) => unknown = () => undefined) {
  return new World({ hooks: { work: hooks } }).handle('work', handler);
}

async function outcomeOf(world: World) {
  world.clock.advance(1_000);
  await settle();
  const [run] = await world.runsOf('work');
  return run;
}

describe('an attempt', () => {
  it('keeps what the handler returned as JSON, and a returned text with its output', async () => {
    const world = worldWith({}, () => ({ sent: 3, skipped: undefined })).start(job('work', due));
    expect(await outcomeOf(world)).toMatchObject({ state: 'succeeded', result: { sent: 3 }, output: null, attempt: 1 });

    const text = worldWith({}, async () => 'all sent').start(job('work', due));
    expect(await outcomeOf(text)).toMatchObject({ state: 'succeeded', result: 'all sent', output: 'all sent' });
  });

  it.each([
    ['what is no JSON', () => 10n],
    [
      'a circle',
      () => {
        const circle: Record<string, unknown> = {};
        circle.self = circle;
        return circle;
      },
    ],
    ['what is too large', () => ({ text: 'x'.repeat(70_000) })],
    ['NaN', () => Number.NaN],
  ])('keeps no result of %s, and has succeeded', async (_name, handler) => {
    const world = worldWith({}, handler).start(job('work', due));
    const { state, result } = await outcomeOf(world);
    expect(state).toBe('succeeded');
    expect(result ?? '(not kept').toMatch(/^\(not kept/);
  });

  it.each<[string, () => unknown, object]>([
    [
      'an error that is thrown',
      () => {
        throw Object.assign(new TypeError('no mail'), { code: 'EMAIL' });
      },
      { name: 'TypeError', message: 'no mail', code: 'EMAIL' },
    ],
    [
      'an error that is rejected with',
      () => Promise.reject(new Error('later')),
      { name: 'Error', message: 'later', code: null },
    ],
    [
      'a text that is thrown',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw 'just text';
      },
      { name: 'Error', message: 'just text', stack: null },
    ],
  ])('fails with %s; nothing else is harmed (U6)', async (_name, handler, error) => {
    const world = worldWith({}, handler).handle('other');
    world.start(job('work', due), job('other', every({ seconds: 1 })));
    expect(await outcomeOf(world)).toMatchObject({ state: 'failed', error });
    world.clock.advance(1_000);
    expect(world.calls.filter((call) => call.task === 'other')).toHaveLength(2);
    expect(world.typesOf('run.failed')).toMatchObject([{ job: { id: 'work' }, run: { state: 'failed', error } }]);
  });

  it('is skipped with reason denied when a guard says so, and not retried', async () => {
    const world = worldWith({}, () => {
      throw new SkipRunSignal('denied', 'RolesGuard');
    }).start(job('work', due, { retry: { attempts: 3, backoff: 'fixed', delay: 1, maxDelay: 1, jitter: 0 } }));
    expect(await outcomeOf(world)).toMatchObject({ state: 'skipped', reason: 'denied', detail: 'RolesGuard' });
  });

  it('runs inside its context, which is also the last argument; signal and logger are made on first use', async () => {
    let inside: JobContext | undefined;
    const world = worldWith({}, async (args, context) => {
      await Promise.resolve();
      inside = JobContext.current();
      context.logger.log('sent 1');
      context.logger.warn('slow');
      return args;
    }).start(job('work', due, {}, { args: [7, 'x'], name: 'Work' }));
    const run = await outcomeOf(world);
    expect(run).toMatchObject({ output: 'sent 1\nWARN slow', result: [7, 'x'] });
    expect(inside).toMatchObject({
      jobId: 'work',
      jobName: 'Work',
      runId: run.id,
      attempt: 1,
      kind: 'scheduled',
      count: 1,
    });
    expect(inside!.fireTime.getTime()).toBe(START + 1_000);
    expect(world.lines).toEqual(['work: sent 1', 'work: slow']);
  });

  it('tells its progress', async () => {
    const world = worldWith({}, (_args, context) => context.progress(0.5, 'half')).start(job('work', due));
    await outcomeOf(world);
    expect(world.typesOf('run.progress')).toMatchObject([
      { detail: 'half', data: { value: 0.5 }, run: { state: 'running' } },
    ]);
  });

  it('tells what happened in order, the outcome only when it is durable', async () => {
    const world = worldWith({}).start(job('work', due));
    await outcomeOf(world);
    expect(world.facts.map((fact) => fact.type)).toEqual([
      'job.added',
      'scheduler.started',
      'run.claimed',
      'run.started',
      'run.succeeded',
      'job.finished',
    ]);
  });
});

describe('conditions', () => {
  it.each<[string, JobHooks, object]>([
    [
      'when answers false',
      { when: [hook('isOpen', () => false)] },
      { state: 'skipped', reason: 'condition', detail: 'when isOpen was false' },
    ],
    [
      'one of two is false',
      { when: [hook('a', () => true), hook('b', async () => false)] },
      { state: 'skipped', detail: 'when b was false' },
    ],
    [
      'skip answers true',
      { skip: [hook('isHoliday', async () => true)] },
      { state: 'skipped', detail: 'skip isHoliday was true' },
    ],
    ['all agree', { when: [hook('a', async () => 1)], skip: [hook('b', () => 0)] }, { state: 'succeeded' }],
    [
      'one throws',
      { when: [hook('a', () => Promise.reject(new Error('no database')))] },
      { state: 'failed', error: { message: 'no database' } },
    ],
  ])('decide: %s', async (_name, hooks, expected) => {
    const world = worldWith(hooks).start(job('work', due));
    const run = await outcomeOf(world);
    expect(run).toMatchObject(expected);
    expect(world.calls).toHaveLength(run.state === 'succeeded' ? 1 : 0);
  });

  it('are asked before the first attempt only', async () => {
    let asked = 0;
    const world = worldWith({ when: [hook('a', () => ++asked)] }, () => {
      throw new Error('again');
    }).start(job('work', due, { retry: { attempts: 3, backoff: 'fixed', delay: 100, maxDelay: 100, jitter: 0 } }));
    world.clock.advance(2_000);
    expect(world.calls).toHaveLength(3);
    expect(asked).toBe(1);
  });
});

describe('hooks', () => {
  function noting(notes: string[]): JobHooks {
    const note = (name: string) => hook(name, (_job, outcome) => void notes.push(`${name} ${outcome?.outcome ?? '-'}`));
    return {
      before: [note('before')],
      after: [note('after')],
      onSuccess: [note('onSuccess')],
      onFailure: [note('onFailure')],
    };
  }

  it.each<[string, () => unknown, string[]]>([
    ['a success', () => undefined, ['before -', 'onSuccess succeeded', 'after succeeded']],
    ['a failure', () => Promise.reject(new Error('x')), ['before -', 'onFailure failed', 'after failed']],
    [
      'a skip',
      () => {
        throw new SkipRunSignal('denied', null);
      },
      ['before -'],
    ],
  ])('surround %s', async (_name, handler, expected) => {
    const notes: string[] = [];
    const world = worldWith(noting(notes), handler).start(job('work', due));
    await outcomeOf(world);
    expect(notes).toEqual(expected);
  });

  it('are told the outcome with result, error and output', async () => {
    const outcomes: (HookOutcome | undefined)[] = [];
    const world = worldWith(
      { after: [hook('tell', (_job, outcome) => void outcomes.push(outcome))] },
      (_args, context) => {
        context.logger.log('line');
        return 5;
      },
    ).start(job('work', due));
    await outcomeOf(world);
    expect(outcomes).toEqual([{ outcome: 'succeeded', error: null, result: 5, output: 'line' }]);
  });

  it('fail the attempt when one before it throws; the handler is not called', async () => {
    const world = worldWith({ before: [hook('lock', () => Promise.reject(new Error('taken')))] }).start(
      job('work', due),
    );
    expect(await outcomeOf(world)).toMatchObject({ state: 'failed', error: { message: 'taken' } });
    expect(world.calls).toHaveLength(0);
  });

  it('change nothing when one after it throws: that is written to the log', async () => {
    const bad = hook('ping', () => Promise.reject(new Error('offline')));
    const good = hook('note', () => undefined);
    const world = worldWith({ onSuccess: [bad], after: [good] }).start(job('work', due));
    expect(await outcomeOf(world)).toMatchObject({ state: 'succeeded', output: 'ERROR The hook ping failed' });
    expect(world.lines).toEqual(['work: The hook ping failed']);
  });

  it('are not waited for beyond the timeout of the job (P19)', async () => {
    const world = worldWith({ after: [hook('hang', () => deferred().promise)] }).start(
      job('work', due, { timeout: 2_000 }),
    );
    world.clock.advance(2_999);
    await settle();
    expect(await world.runsOf('work')).toMatchObject([{ state: 'running' }]);
    world.clock.advance(1);
    await settle();
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded' }]);
    expect(world.lines[0]).toMatch(/hooks after the attempt took longer than 2000 ms/);
    expect(world.clock.timerCount()).toBe(0);
  });

  it('leave a synchronous handler synchronous', () => {
    const notes: string[] = [];
    const world = worldWith(noting(notes)).start(job('work', due));
    world.clock.advance(1_000);
    expect(notes).toEqual(['before -', 'onSuccess succeeded', 'after succeeded']);
    expect(world.typesOf('run.succeeded')).toHaveLength(1);
  });
});

describe('stopping an attempt', () => {
  /** Ends when its signal is aborted. */
  const heeding = (_args: unknown, { signal }: JobContext): Promise<void> =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

  it('aborts the signal at the timeout (P19, U13)', async () => {
    const world = worldWith({}, heeding).start(job('work', due, { timeout: 3_000 }));
    world.clock.advance(3_999);
    await settle();
    expect(await world.runsOf('work')).toMatchObject([{ state: 'running' }]);
    world.clock.advance(1);
    await settle();
    const [run] = await world.runsOf('work');
    expect(run).toMatchObject({ state: 'timedOut', error: { name: 'RunTimedOutError', code: 'RUN_TIMED_OUT' } });
    expect(world.typesOf('run.timedOut')[0].error).toBeInstanceOf(RunTimedOutError);
    expect(world.typesOf('run.abandoned')).toHaveLength(0);
  });

  it('gives a handler that ignores its signal up after the grace: slot and job go on, its late result is dropped (P19)', async () => {
    const gate = deferred<string>();
    const world = new World({ concurrency: 1 });
    let calls = 0;
    world.handle('work', () => (++calls === 1 ? gate.promise : 'second'));
    world.start(job('work', every({ seconds: 10 }), { timeout: 1_000, abortGrace: 2_000 }));
    world.clock.advance(12_999);
    await settle();
    expect(world.typesOf('run.abandoned')).toHaveLength(0);
    world.clock.advance(1);
    await settle();
    expect(world.typesOf('run.abandoned')).toMatchObject([{ job: { id: 'work' } }]);
    gate.resolve('too late');
    world.clock.advance(10_000);
    await settle();
    expect(await world.runsOf('work')).toMatchObject([
      { state: 'timedOut', result: null },
      { state: 'succeeded', result: 'second' },
    ]);
  });

  it('asks an executor that can kill before it gives up', async () => {
    const killed: string[] = [];
    const executor = {
      concurrency: 1,
      execute: () => new Promise(() => {}),
      kill: async ({ context }: { context: JobContext }) => {
        killed.push(context.jobId);
        return true;
      },
    };
    const world = new World({ executors: { default: executor } }).handle('work');
    world.start(job('work', due, { timeout: 1_000, abortGrace: 500 }));
    world.clock.advance(2_500);
    await settle();
    expect(killed).toEqual(['work']);
    expect(world.typesOf('run.abandoned')).toHaveLength(0);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'timedOut' }]);
  });

  it('cancels a running run from outside (U13)', async () => {
    const world = worldWith({}, heeding).start(job('work', due));
    world.clock.advance(1_000);
    const [{ runId }] = world.scheduler.openAttempts();
    await world.scheduler.cancel(runId, 'not today');
    await settle();
    expect(await world.scheduler.run(runId)).toMatchObject({ state: 'cancelled', error: { code: 'RUN_CANCELLED' } });
    expect(world.typesOf('run.cancelled')[0].error).toBeInstanceOf(RunCancelledError);
  });

  it('lets a cancelled handler that finishes its work all the same succeed', async () => {
    const gate = deferred();
    const world = worldWith({}, () => gate.promise).start(job('work', due));
    world.clock.advance(1_000);
    const [{ runId }] = world.scheduler.openAttempts();
    await world.scheduler.cancel(runId);
    gate.resolve();
    await settle();
    expect(await world.scheduler.run(runId)).toMatchObject({ state: 'succeeded' });
  });

  it('cancels a run that waits for a slot without starting it', async () => {
    const world = new World({ concurrency: 1 }).handle('work', () => deferred().promise);
    world.start(job('a', due, {}, { task: 'work' }), job('b', due, {}, { task: 'work' }));
    world.clock.advance(1_000);
    const [running] = world.scheduler.openAttempts();
    const waiting = running.jobId === 'a' ? 'b' : 'a';
    const [run] = await world.runsOf(waiting);
    await world.scheduler.cancel(run.id);
    await settle();
    expect(await world.runsOf(waiting)).toMatchObject([{ state: 'cancelled', startedAt: null }]);
    expect(world.calls).toHaveLength(1);
  });

  it('aborts the older run when a newer one takes over (cancelOther)', async () => {
    let calls = 0;
    const world = worldWith({}, (args, context) => (++calls === 1 ? heeding(args, context) : 'newer'));
    world.start(job('work', every({ seconds: 1 }, { limit: 2 }), { overlap: 'cancelOther' }));
    world.clock.advance(2_000);
    await settle();
    world.clock.advance(0);
    await settle();
    expect(await world.runsOf('work')).toMatchObject([{ state: 'cancelled' }, { state: 'succeeded', result: 'newer' }]);
  });

  it('composes the chain anew when a job is removed and added with other hooks (P28)', async () => {
    const notes: string[] = [];
    const byGeneration = new Map<number, JobHooks>();
    const world = new World().handle('work');
    const hooksOf = (generation: number): JobHooks => {
      let hooks = byGeneration.get(generation);
      if (hooks === undefined) {
        hooks = { before: [hook('note', () => void notes.push(`generation ${generation}`))] };
        byGeneration.set(generation, hooks);
      }
      return hooks;
    };
    Object.assign((world.scheduler as any).parts.hooks, {
      of: (row: { generation: number }) => hooksOf(row.generation),
    });
    world.start();
    const add = () =>
      world.scheduler.add([job('work', every({ seconds: 1 }), {}, { origin: 'runtime' })], { replaceExisting: false });
    await add();
    world.clock.advance(1_000);
    await world.scheduler.remove('work');
    await add();
    world.clock.advance(1_000);
    expect(notes).toEqual(['generation 1', 'generation 2']);
  });
});
