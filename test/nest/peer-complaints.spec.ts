/** What users of other schedulers for Node asked for (PITFALLS, U rules), through a whole application. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { BadRequestException, Catch, type ExceptionFilter, Injectable, Logger, UseFilters } from '@nestjs/common';
import { At, Cron, Interval, JobContext } from '../../lib/index.js';
import { startApp, type NestApp, type NestAppOptions } from './nest-app.js';

let started: NestApp | undefined;
const start = async (given: NestAppOptions) => (started = await startApp(given));
afterEach(async () => {
  await started?.app.close();
  started = undefined;
  jest.restoreAllMocks();
});

const states = async ({ registry }: NestApp, id: string) =>
  (await registry.history(id)).runs.map((run) => [run.fireTime.toISOString().slice(11, 19), run.state]).reverse();

describe('U6: errors', () => {
  const handled: string[] = [];
  @Catch(BadRequestException)
  class Note implements ExceptionFilter {
    catch(error: Error) {
      handled.push(error.message);
      return 'noted';
    }
  }
  @Injectable()
  class Orders {
    @Interval('1m', { id: 'throws' }) throws() {
      throw new Error('no route');
    }
    @Interval('1m', { id: 'rejects' }) async rejects() {
      await Promise.reject(new Error('no answer'));
    }
    @Interval('1m', { id: 'odd' }) odd() {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw 'a text';
    }
    @Interval('1m', { id: 'filtered' })
    @UseFilters(Note)
    filtered() {
      throw new BadRequestException('bad file');
    }
  }

  it('are caught, logged once with job and run, recorded, and reach exception filters', async () => {
    const lines: string[] = [];
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line) => void lines.push(String(line)));
    const app = await start({ providers: [Orders], options: { log: 'failures' } });
    await app.clock.advanceAsync({ minutes: 1 });
    expect(lines.sort()).toEqual([
      expect.stringMatching(/^Job "odd", run \S+: failed.*a text/),
      expect.stringMatching(/^Job "rejects", run \S+: failed.*no answer/),
      expect.stringMatching(/^Job "throws", run \S+: failed.*no route/),
    ]);
    expect(handled).toEqual(['bad file']);
    expect(await states(app, 'throws')).toEqual([['00:01:00', 'failed']]);
    expect(await states(app, 'filtered')).toEqual([['00:01:00', 'succeeded']]);
  });
});

describe('U9: overlap', () => {
  it('is skipped and recorded by default, on every trigger', async () => {
    let release!: () => void;
    const work = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class Slow {
      @Interval('1m', { id: 'slow' }) async run() {
        await work;
      }
    }
    const app = await start({ providers: [Slow] });
    await app.clock.advanceAsync({ minutes: 2 });
    release();
    await app.clock.advanceAsync({ minutes: 1 });
    expect(await states(app, 'slow')).toEqual([
      ['00:01:00', 'succeeded'],
      ['00:02:00', 'skipped'],
      ['00:03:00', 'succeeded'],
    ]);
  });

  it('cannot happen with fixedDelay, which counts from the end', async () => {
    const starts: string[] = [];
    const { clock } = await start({
      providers: [
        (() => {
          @Injectable()
          class Slow {
            @Interval('10s', { fixedDelay: true }) async run() {
              starts.push(new Date(clock.now()).toISOString().slice(14, 19));
              await new Promise<void>((resolve) => clock.after(25_000, resolve));
            }
          }
          return Slow;
        })(),
      ],
    });
    await clock.advanceAsync({ seconds: 110 });
    expect(starts).toEqual(['00:10', '00:45', '01:20']);
  });
});

describe('U10: the first run', () => {
  it('may be at the start, and the first fire time may be moved', async () => {
    const runs: string[] = [];
    @Injectable()
    class Cache {
      @Cron('0 0 * * *', { id: 'daily', runOnStart: true }) daily(job: JobContext) {
        runs.push(`${job.jobId} ${job.kind}`);
      }
      @Interval('1h', { id: 'hourly', initialDelay: '5s' }) hourly(job: JobContext) {
        runs.push(`${job.jobId} ${job.fireTime.toISOString().slice(11, 19)}`);
      }
      @At({ id: 'once' }) once(job: JobContext) {
        runs.push(job.jobId);
      }
    }
    const { clock } = await start({ providers: [Cache] });
    await clock.advanceAsync({ minutes: 61 });
    expect(runs.sort()).toEqual(['daily start', 'hourly 00:00:05', 'hourly 01:00:05', 'once']);
  });
});

describe('U13: a run that takes too long', () => {
  it('is aborted at its timeout, and one may be cancelled', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const reasons: unknown[] = [];
    @Injectable()
    class Probe {
      @Interval('1m', { id: 'probe', timeout: '5s' }) async check({ signal }: JobContext) {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      }
      @Interval('1m', { id: 'export' }) async run({ signal }: JobContext) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        reasons.push((signal.reason as Error).name);
        throw signal.reason as Error;
      }
    }
    const app = await start({ providers: [Probe] });
    await app.clock.advanceAsync({ seconds: 70 });
    expect(await states(app, 'probe')).toEqual([['00:01:00', 'timedOut']]);
    const [open] = (await app.registry.runs({ jobId: 'export', state: 'running' })).runs;
    await app.registry.cancel(open.id);
    await app.clock.advanceAsync(0);
    expect(await states(app, 'export')).toEqual([['00:01:00', 'cancelled']]);
    expect(reasons).toEqual(['RunCancelledError']);
  });
});

describe('U11: two decorators on a method', () => {
  it('are two jobs', async () => {
    const ran: string[] = [];
    @Injectable()
    class Reports {
      @Cron('10 * * * *')
      @Cron('20 * * * *')
      send(job: JobContext) {
        ran.push(job.jobId);
      }
    }
    const { clock } = await start({ providers: [Reports] });
    await clock.advanceAsync({ minutes: 30 });
    expect(ran).toEqual(['Reports.send', 'Reports.send#2']);
  });
});

describe('U17: a process that was busy', () => {
  it('runs late rather than never, and goes on with its grid', async () => {
    @Injectable()
    class Every {
      @Interval('10s', { id: 'every' }) run() {}
    }
    const app = await start({ providers: [Every] });
    app.clock.jump({ seconds: 13 });
    await app.clock.advanceAsync({ seconds: 10 });
    expect(await states(app, 'every')).toEqual([
      ['00:00:10', 'succeeded'],
      ['00:00:20', 'succeeded'],
    ]);
  });
});
