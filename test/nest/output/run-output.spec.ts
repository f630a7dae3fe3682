import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { Interval, type JobContext } from '../../../lib/index.js';
import { compileApp, startApp, type NestApp, type NestAppOptions } from '../nest-app.js';
import type { AddressInfo } from 'node:net';

let started: NestApp | undefined;
let directory: string;
const start = async (given: NestAppOptions) => (started = await startApp(given));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'carillon-run-output-'));
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
});

afterEach(async () => {
  await started?.app.close();
  started = undefined;
  jest.restoreAllMocks();
});

const read = (path: string) => readFileSync(join(directory, path), 'utf8');

/** Lets minutes pass; what the runs write reaches its place before the next one. */
async function travel({ clock, registry }: NestApp, minutes: number, id: string): Promise<void> {
  const settled = async () => (await registry.history(id)).runs.filter(({ settledAt }) => settledAt !== null);
  for (let minute = 1; minute <= minutes; minute++) {
    await clock.advanceAsync({ minutes: 1 });
    while ((await settled()).length < minute) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the output of a run', () => {
  it('is what its logger, the Nest logger inside it, print and a returned text say, in order', async () => {
    @Injectable()
    class Imports {
      private readonly logger = new Logger(Imports.name);
      @Interval('1m') async run(job: JobContext) {
        job.logger.log('one');
        this.logger.log('two');
        await Promise.resolve();
        new Logger('Elsewhere').log({ three: 3 });
        await job.print('four\nfive');
        return 'six';
      }
    }
    const app = await start({ providers: [Imports], options: { jobs: {} } });
    new Logger('Outside').log('not of a run');
    await travel(app, 1, 'Imports.run');
    const [run] = (await app.registry.history('Imports.run')).runs;
    expect(run.output).toBe('one\ntwo\n{"three":3}\nfour\nfive\nsix');
  });

  it('leaves the Nest logger as it was when the application is closed', async () => {
    const before = Logger.prototype.log;
    const app = await start({ providers: [] });
    expect(Logger.prototype.log).not.toBe(before);
    await app.app.close();
    expect(Logger.prototype.log).toBe(before);
  });

  it('goes to files, anew or added, complete when the run has settled', async () => {
    @Injectable()
    class Backups {
      private count = 0;
      @Interval('1m', { output: { sendTo: 'last.log', appendTo: ['all.log', 'deep/all.log'] } }) run() {
        return `backup ${++this.count}`;
      }
    }
    const app = await start({ providers: [Backups], options: { outputRoot: directory } });
    await travel(app, 2, 'Backups.run');
    expect(read('last.log')).toBe('backup 2\n');
    expect(read('all.log')).toBe('backup 1\nbackup 2\n');
    expect(read('deep/all.log')).toBe('backup 1\nbackup 2\n');
  });

  it('is mailed by a real server, and URLs are pinged, without a part in the outcome', async () => {
    const mails: string[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, _session, done) => {
        stream.on('data', (chunk: Buffer) => mails.push(chunk.toString()));
        stream.on('end', () => done());
      },
    });
    smtp.listen(0, '127.0.0.1');
    const pings: string[] = [];
    const web = createServer((request, response) => {
      pings.push(request.url!);
      response.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await Promise.all([once(smtp.server, 'listening'), once(web, 'listening')]);
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;

    @Injectable()
    class Failing {
      @Interval('1m', {
        output: { mailOnFailureTo: 'ops@example.com' },
        pings: { before: `${url}/start`, onSuccess: `${url}/ok`, onFailure: `${url}/failed` },
      })
      run(job: JobContext) {
        job.logger.log('halfway');
        throw new Error('disk full');
      }
    }
    const transport = `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`;
    const options = { mail: { transport, from: 'cron@example.com' } };
    const app = await start({ providers: [Failing], options });
    await travel(app, 1, 'Failing.run');
    await app.app.close();
    expect(mails.join('')).toMatch(/Error: disk full[\s\S]*halfway/);
    expect(pings.sort()).toEqual(['/failed', '/start']);
    await new Promise<void>((resolve) => smtp.close(resolve));
    web.closeAllConnections();
    web.close();
  });

  it('is refused to a place that configuration may not write to, before anything starts', async () => {
    const jobs = { nightly: { task: 'purge', cron: '@daily', output: { appendTo: '../outside.log' } } };
    await expect(compileApp({ options: { jobs, outputRoot: directory } })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/jobs\.nightly\.output\.appendTo.*leads out of/),
    });
    expect(existsSync(join(directory, '../outside.log'))).toBe(false);
  });

  it('is refused to mail without a transport, by decorators, the registry and defaults alike', async () => {
    @Injectable()
    class Mailed {
      @Interval('1m', { output: { mailTo: 'ops@example.com' } }) run() {}
    }
    const message = expect.stringMatching(/output\.mailTo.*forRoot\(\{ mail:/);
    await expect(startApp({ providers: [Mailed] })).rejects.toMatchObject({ code: 'INVALID_OPTIONS', message });
    const jobDefaults = { output: { mailTo: 'ops@example.com' } };
    await expect(compileApp({ options: { jobDefaults } })).rejects.toMatchObject({ code: 'INVALID_OPTIONS', message });
    const { registry } = await start({ providers: [] });
    const job = { id: 'x', task: () => undefined, every: '1m', output: { mailTo: 'ops@example.com' } };
    await expect(registry.addInterval(job)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', message });
  });
});
