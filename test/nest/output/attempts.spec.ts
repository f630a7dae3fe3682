/** What happens once for each run, what for each attempt, and in which order: hooks, pings, files, mail. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type Provider } from '@nestjs/common';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobContext, type Run, type Schedule } from '../../../lib/index.js';
import { seedApp, type SeedApp } from '../../seeds/seed-app.js';
import { startMailServer, startWebServer, type MailServer, type WebServer } from '../../support/mail-and-web.js';

let folder: string;
let mail: MailServer;
let web: WebServer;
let app: SeedApp | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-attempts-'));
  [mail, web] = await Promise.all([startMailServer(), startWebServer()]);
});
afterEach(async () => {
  await app?.app.close();
  app = undefined;
  await Promise.all([mail.close(), web.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(define: (schedule: Schedule) => unknown, providers: Provider[] = []): Promise<SeedApp> {
  @Injectable()
  class Kernel {
    defineSchedule(schedule: Schedule) {
      define(schedule);
    }
  }
  const options = { log: 'silent', outputRoot: folder, mail: mail.options } as const;
  app = await seedApp([Kernel, ...providers], options);
  // What a run logs is told by its record.
  app.app.useLogger(false);
  return app;
}

/** The one run of a job, when it has settled: its retries come by the test's clock, mail and files in their own time. */
async function runOf(id: string): Promise<Run> {
  const { registry, tester } = app!;
  const { id: runId } = await registry.runNow(id);
  for (;;) {
    const run = await registry.run(runId);
    if (run !== null && run.settledAt !== null) return run;
    await tester.travel('1s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Pings are on their way until the application is closed. */
async function pings(): Promise<string[]> {
  await app!.app.close();
  app = undefined;
  return web.paths.sort();
}

const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const recipients = () => mail.mails.map(({ to }) => to[0]).sort();

/** Fails its first attempts, and writes which one it is. */
function failing(times: number) {
  return function flaky(job: JobContext) {
    job.logger.log(`attempt ${job.attempt}`);
    if (job.attempt <= times) throw new Error(`no luck with ${job.attempt}`);
  };
}

function surrounded(schedule: Schedule, fails: number) {
  return schedule
    .call(failing(fails))
    .yearly()
    .retry({ attempts: 3, delay: '10s' })
    .pingBefore(`${web.url}/before`)
    .thenPing(`${web.url}/after`)
    .pingOnSuccess(`${web.url}/success`)
    .pingOnFailure(`${web.url}/failure`)
    .sendOutputTo('last.log')
    .appendOutputTo('all.log')
    .emailOutputTo('each@example.com')
    .emailWrittenOutputTo('written@example.com')
    .emailOutputOnFailure('failure@example.com');
}

describe('a run that is tried three times', () => {
  it('and succeeds: pings before and after each attempt, the rest once, for the run', async () => {
    await start((schedule) => surrounded(schedule, 2));
    expect(await runOf('flaky')).toMatchObject({ state: 'succeeded', attempt: 3 });
    expect(recipients()).toEqual(['each@example.com', 'written@example.com']);
    expect(mail.mails.map(({ subject }) => subject)).toEqual(['flaky: succeeded', 'flaky: succeeded']);
    expect(await pings()).toEqual(['/after', '/after', '/after', '/before', '/before', '/before', '/success']);
  });

  it('and fails for good: one mail to each address, with the last attempt, and one ping', async () => {
    await start((schedule) => surrounded(schedule, 3));
    expect(await runOf('flaky')).toMatchObject({ state: 'failed', attempt: 3 });
    expect(recipients()).toEqual(['each@example.com', 'failure@example.com', 'written@example.com']);
    for (const { text } of mail.mails) {
      expect(text).toMatch(/Subject: flaky: failed[\s\S]*attempt 3[\s\S]*Error: no luck with 3/);
    }
    expect(await pings()).toEqual(['/after', '/after', '/after', '/before', '/before', '/before', '/failure']);
  });

  it('writes its file anew by each attempt, and adds each attempt to the other', async () => {
    await start((schedule) => surrounded(schedule, 2));
    await runOf('flaky');
    expect(read('last.log')).toBe('attempt 3\n');
    expect(read('all.log')).toBe('attempt 1\nattempt 2\nattempt 3\n');
  });

  it('has the output of its last attempt in the history', async () => {
    await start((schedule) => surrounded(schedule, 2));
    expect((await runOf('flaky')).output).toBe('attempt 3');
  });
});

describe('hooks', () => {
  const told: string[] = [];
  beforeEach(() => void told.splice(0));

  it('come before → work → onSuccess → after, in the order they were said', async () => {
    const tell = (word: string) => () => void told.push(word);
    await start((schedule) =>
      schedule
        .call(function work() {
          told.push('work');
        })
        .yearly()
        .after(tell('after 1'))
        .onSuccess(tell('success'))
        .onFailure(tell('failure'))
        .before(tell('before 1'))
        .before(tell('before 2'))
        .then(tell('after 2')),
    );
    await runOf('work');
    expect(told).toEqual(['before 1', 'before 2', 'work', 'success', 'after 1', 'after 2']);
  });

  it('see files complete, and what they write themselves is in the file when the run settles', async () => {
    await start((schedule) =>
      schedule
        .call(function work(job: JobContext) {
          job.logger.log('work');
        })
        .yearly()
        .sendOutputTo('run.log')
        .before((job) => job.logger.log('before'))
        .onSuccess(() => void told.push(read('run.log')))
        .after((job) => job.logger.log('after')),
    );
    await runOf('work');
    expect(told).toEqual(['before\nwork\n']);
    expect(read('run.log')).toBe('before\nwork\nafter\n');
  });

  it('have dependencies and the captured output, as methods and as functions; a provider of the run is the run’s own', async () => {
    @Injectable()
    class Alerts {
      readonly sent: string[] = [];
    }
    @Injectable({ scope: Scope.REQUEST })
    class Pager {
      constructor(private readonly alerts: Alerts) {}
      page(job: JobContext, outcome: { output: string | null; error: { message: string } | null }) {
        this.alerts.sent.push(`${job.jobId}: ${outcome.error?.message}: ${outcome.output}`);
      }
    }
    await start(
      (schedule) =>
        schedule
          .call(failing(9))
          .yearly()
          .onFailure([Pager, 'page'])
          .after((_job, ref, { outcome, output }) => void ref.get(Alerts).sent.push(`${outcome}: ${output}`)),
      [Alerts, Pager],
    );
    const alerts = app!.app.get(Alerts);
    await runOf('flaky');
    expect(alerts.sent).toEqual(['flaky: no luck with 1: attempt 1', 'failed: attempt 1']);
  });
});

describe('a before hook that throws', () => {
  it('fails the attempt without the work; the run is tried again, pinged and mailed as any other', async () => {
    const worked: number[] = [];
    await start((schedule) =>
      schedule
        .call(function work(job: JobContext) {
          worked.push(job.attempt);
        })
        .yearly()
        .before((job) => {
          job.logger.log('taking the lock');
          if (job.attempt < 3) throw new Error('the lock is taken');
        })
        .retry({ attempts: 3, delay: '10s' })
        .thenPing(`${web.url}/after`)
        .pingOnSuccess(`${web.url}/success`)
        .emailOutputTo('each@example.com'),
    );
    expect(await runOf('work')).toMatchObject({ state: 'succeeded', attempt: 3 });
    expect([worked, recipients()]).toEqual([[3], ['each@example.com']]);
    expect(await pings()).toEqual(['/after', '/after', '/after', '/success']);
  });

  it('is the error of the run, which onFailure and its mail are told', async () => {
    const told: unknown[] = [];
    await start((schedule) =>
      schedule
        .call(function work() {
          told.push('work');
        })
        .yearly()
        .before(() => Promise.reject(new Error('the lock is taken')))
        .onFailure((_job, _ref, { error }) => void told.push(error?.message))
        .emailOutputOnFailure('failure@example.com'),
    );
    expect(await runOf('work')).toMatchObject({ state: 'failed', error: { message: 'the lock is taken' } });
    expect(told).toEqual(['the lock is taken']);
    expect(mail.mails.map(({ text }) => text)).toEqual([expect.stringContaining('Error: the lock is taken')]);
  });
});

describe('what becomes of files, mail and pings', () => {
  it('never changes the outcome: nobody answers, nothing can be written', async () => {
    await Promise.all([mail.close(), web.close()]);
    await start((schedule) =>
      schedule
        .call(failing(0))
        .yearly()
        .pingOnSuccess(`${web.url}/success`)
        .emailOutputTo('each@example.com')
        .sendOutputTo('.'),
    );
    const run = await runOf('flaky');
    expect(run.state).toBe('succeeded');
    expect(run.output).toMatch(
      /^attempt 1\nERROR The hook mail to each@example.com failed\nERROR The hook output to \. failed/,
    );
    [mail, web] = await Promise.all([startMailServer(), startWebServer()]);
  });

  it('a run that a condition leaves out has none of them', async () => {
    await start((schedule) => surrounded(schedule, 0).when(() => false));
    const [run] = await runsAfterYear();
    expect(run).toMatchObject({ state: 'skipped', reason: 'condition' });
    expect([mail.mails, await pings()]).toEqual([[], []]);
  });
});

/** The scheduled run of New Year. */
async function runsAfterYear(): Promise<Run[]> {
  await app!.tester.travelTo('2027-01-01T00:00:00Z');
  return app!.tester.runsOf('flaky');
}
