/** Samples of docs/guides/output.md, commands-and-processes.md and preview-and-why.md. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { SMTPServer } from 'smtp-server';
import { ConsoleCommand, Cron, type JobContext, SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import type { DefinesSchedule, Schedule } from '../../lib/index.js';
import type { AddressInfo, Server } from 'node:net';
import { startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-guide-output-'));
});
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A process ends in its own time, whatever the test's clock says. */
async function runOf(id: string) {
  await guide!.tester.runJob(id);
  for (;;) {
    const [run] = (await guide!.registry.history(id)).runs;
    if (run.settledAt !== null) return run;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const outputOf = async (id: string) => (await guide!.registry.history(id)).runs[0].output;
const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('output guide', () => {
  it('what a run writes is its output', async () => {
    @Injectable()
    class Imports {
      private readonly logger = new Logger(Imports.name);

      @Cron('0 2 * * *', { id: 'import' })
      async run(job: JobContext) {
        this.logger.log('reading'); // Nest's logger, anywhere inside the run
        job.logger.warn('one row is empty');
        await job.print('a,b\nc,d'); // lines as they are, logged nowhere
        return '2 rows'; // a returned text is its last line
      }
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Imports] });
    guide.app.useLogger(false);
    const run = await guide.tester.runJob('import');
    expect(run.output).toBe('reading\nWARN one row is empty\na,b\nc,d\n2 rows');
  });

  it('files, mail and pings', async () => {
    const mails: string[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, session, done) {
        stream.resume().on('end', () => {
          mails.push(...session.envelope.rcptTo.map(({ address }) => address));
          done();
        });
      },
    });
    smtp.listen(0, '127.0.0.1');
    await once(smtp.server, 'listening');
    const pinged: (string | undefined)[] = [];
    const http = createServer((request, response) => {
      pinged.push(request.url);
      response.end();
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const mailUrl = `smtp://127.0.0.1:${portOf(smtp.server)}`;
    const checks = `http://127.0.0.1:${portOf(http)}`;

    @Injectable()
    class Backups {
      @Cron('0 2 * * *', {
        id: 'backup',
        output: { appendTo: 'logs/backup.log', sendTo: 'logs/last-backup.log', mailOnFailureTo: 'ops@example.com' },
        pings: { before: `${checks}/backup/start`, onSuccess: `${checks}/backup`, onFailure: `${checks}/backup/fail` },
      })
      run(job: JobContext) {
        job.logger.log('copying');
        throw new Error('disk full');
      }
    }

    guide = await startGuide({
      imports: [
        SchedulerModule.forRoot({
          outputRoot: folder,
          mail: { transport: mailUrl, from: 'Scheduler <cron@example.com>' },
        }),
      ],
      providers: [Backups],
    });
    guide.app.useLogger(false);
    expect((await guide.tester.runJob('backup')).state).toBe('failed');
    await guide.app.close();
    expect(readFileSync(join(folder, 'logs/backup.log'), 'utf8')).toContain('copying\n');
    expect(mails).toEqual(['ops@example.com']);
    expect(pinged.sort()).toEqual(['/backup/fail', '/backup/start']);
    http.close();
    await new Promise<void>((resolve) => smtp.close(resolve));
  });
});

describe('commands and processes guide', () => {
  it('methods as commands, and processes', async () => {
    const sent: unknown[] = [];

    @Injectable()
    class Mails {
      @ConsoleCommand('mail:send')
      send(kind: string, job: JobContext) {
        sent.push([kind, job.jobId]);
      }
    }

    @Injectable()
    class Cache {
      @ConsoleCommand('cache:clear')
      clear(area: string, force: string) {
        sent.push([area, force]);
      }
    }

    @Injectable()
    class AppSchedule implements DefinesSchedule {
      defineSchedule(schedule: Schedule) {
        schedule.command('mail:send weekly').weekly().name('weekly-mail');
        schedule.command('cache:clear', ['sessions', '--force']).hourly().name('clear-cache');
        schedule.exec('echo "$CARILLON_JOB_ID" | tr a-z A-Z').daily().name('shell'); // a line for the shell
        schedule
          .exec(['node', '--version'], { cwd: '/', env: { NODE_ENV: 'test' } }) // a file without a shell
          .daily()
          .name('no-shell')
          .timeout('5m');
        schedule.exec('echo nearly >&2; exit 3').daily().name('failing');
      }
    }

    guide = await startGuide({
      imports: [SchedulerModule.forRoot()],
      providers: [Mails, Cache, AppSchedule],
    });
    guide.app.useLogger(false);
    const states: unknown[] = [];
    for (const id of ['weekly-mail', 'clear-cache', 'shell', 'no-shell', 'failing']) {
      states.push((await runOf(id)).state);
    }
    expect(states).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded', 'failed']);
    expect(sent).toEqual([
      ['weekly', 'weekly-mail'],
      ['sessions', '--force'],
    ]);
    expect([await outputOf('shell'), await outputOf('no-shell')]).toEqual(['SHELL', process.version]);
    const [failed] = (await guide.registry.history('failing')).runs;
    expect(failed.error?.message).toMatch(/ended with exit code 3: nearly/);
  });

  it("the application's console as a process, for commands that no provider has", async () => {
    guide = await startGuide({
      imports: [
        SchedulerModule.forRoot({ console: ['node', '-p'] }), // such as ['node', 'dist/cli.js']
        SchedulerModule.forFeature({ schedule: (schedule) => schedule.command('6*7').daily().name('asked') }),
      ],
    });
    expect((await runOf('asked')).output).toBe('42');
  });
});

describe('preview and why guide', () => {
  it('report, calendar, lint, diff, why', async () => {
    @Injectable()
    class Jobs {
      @Cron('30 2 * * *', { id: 'nightly' })
      clean() {}

      @Cron('30 2 * * *', { id: 'bills' })
      bill() {}
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot({ timezone: 'Europe/Berlin' })], providers: [Jobs] });
    const registry = guide.app.get(SchedulerRegistry);

    const { fires, load, collisions } = await registry.previewReport('2027-10-30', '2027-11-01');
    const [, , fire] = fires; // local '2027-10-31 02:30:00', offset '+02:00', clockChange '02:30 comes twice …'
    const [busiest] = load; // due in each minute: { minute, fires: 2 }
    const [together] = collisions; // due at the same instant: { at, jobIds: ['bills', 'nightly'] }

    const feed = await registry.previewCalendar('2026-12-01', '2027-01-01'); // iCalendar text
    const findings = await registry.lint(); // [{ rule: 'clockChange', jobIds: ['bills'], text: '…' }, …]
    const changes = await registry.diff(); // { added, changed, orphaned, refused, newer }
    const answer = await registry.why('nightly', '2026-11-21 02:30');

    expect([fire.local, fire.offset]).toEqual(['2027-10-31 02:30:00', '+02:00']);
    expect(fire.clockChange).toMatch(/02:30 comes twice that day; this is the first/);
    expect([busiest.fires, load.length, together.jobIds]).toEqual([2, 2, ['bills', 'nightly']]);
    expect(feed).toMatch(/^BEGIN:VCALENDAR[^]*SUMMARY:/);
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['clockChange', 'sameSlot']));
    expect([changes.added, changes.changed, changes.orphaned]).toEqual([[], [], []]);
    expect([answer.verdict, answer.runs]).toEqual(['notYet', []]);
  });
});
