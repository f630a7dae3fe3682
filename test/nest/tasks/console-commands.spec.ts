import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ConsoleCommand, JobContext, type Schedule } from '../../../lib/index.js';
import { CompiledCode } from '../../cluster/harness/compiled-code.js';
import { compileApp } from '../nest-app.js';
import { seedApp, type SeedApp } from '../../seeds/seed-app.js';
import type { Provider } from '@nestjs/common';
import type { SchedulerModuleOptions } from '../../../lib/index.js';

let started: SeedApp | undefined;
let calls: unknown[];
let folder: string;

beforeEach(() => {
  calls = [];
  folder = mkdtempSync(join(tmpdir(), 'carillon-console-'));
});
afterEach(async () => {
  await started?.app.close();
  started = undefined;
  rmSync(folder, { recursive: true, force: true });
});

type Define = (schedule: Schedule) => unknown;

function scheduleOf(define: Define): Provider {
  @Injectable()
  class Kernel {
    defineSchedule(schedule: Schedule) {
      define(schedule);
    }
  }
  return Kernel;
}

/** How the one job, a command, ended when it was run. */
async function run(define: Define, providers: Provider[], options: SchedulerModuleOptions = {}) {
  started = await seedApp([scheduleOf(define), ...providers], { log: 'silent', ...options });
  const [job] = await started.registry.list();
  const { state, id } = await started.tester.runJob(job.id);
  // A process takes its own time, which the tester does not count as work.
  return state === 'running' ? await started.tester.waitForRun(job.id, '20s') : (await started.registry.run(id))!;
}

async function refusal(define: Define, providers: Provider[], options: SchedulerModuleOptions = {}): Promise<unknown> {
  const { app } = await compileApp({ providers: [scheduleOf(define), ...providers], options });
  return await app.init().then(
    () => null,
    (error: unknown) => error,
  );
}

@Injectable()
class Caches {
  @ConsoleCommand('cache:clear')
  clear(...given: unknown[]) {
    calls.push(...given.map((one) => (one instanceof JobContext ? 'context' : one)));
    return 'cleared';
  }
}

describe('a method with @ConsoleCommand', () => {
  it('gets the words of the line and of the list as arguments, then the context; what it returns is the output', async () => {
    const { state, output } = await run(
      (schedule) => schedule.command('cache:clear all "my keys"', [3]).daily(),
      [Caches],
    );
    expect([state, output, calls]).toEqual(['succeeded', 'cleared', ['all', 'my keys', '3', 'context']]);
  });
});

describe('a real nest-commander command, called in its process', () => {
  let code: CompiledCode;
  beforeAll(() => {
    code = new CompiledCode('test/nest/tasks/app');
  });
  afterAll(() => code.clear());

  async function answerTo(lines: readonly string[], env: Record<string, string> = {}): Promise<any> {
    const script = code.file('test/nest/tasks/app/commander.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(lines)], {
      env: { ...process.env, ...env },
    });
    return JSON.parse(stdout);
  }

  it('gets the words and options that nest-commander itself gives it, inside the run', async () => {
    const lines = [
      'mail:send weekly -n 3 --to ada bob --force --trace high --no-color',
      'mail weekly --number-of-mails=-4 -- --force',
      'mail weekly -n3 -fq --trace --limit',
      'mail weekly monday -n 0 --limit 5 --trace -f',
      'mail -n 1 --format html --tone dry weekly',
      'users add ada --plan=pro',
      'users create ada',
      'users list new',
      'users',
      'users new',
      'users list active 2026-01-01',
      'proxy -v --depth 3 word',
      'proxy active today',
    ];
    const answers = await answerTo(lines);
    for (const [index, { state, call, theirs }] of answers.entries()) {
      expect([lines[index], state]).toEqual([lines[index], 'succeeded']);
      expect([lines[index], ...call]).toEqual([lines[index], ...theirs.slice(0, 3), lines[index]]);
    }
    const options = { numberOfMails: 3, to: ['ADA', 'BOB'], force: true, trace: 'high', colour: false };
    expect(answers[0].call).toEqual(['MailCommand', ['weekly'], options, lines[0]]);
    expect(answers[5].call.slice(0, 3)).toEqual(['AddCommand', ['ada'], { plan: 'pro' }]);
    expect(answers[9].call.slice(0, 3)).toEqual(['ListCommand', ['new'], {}]);
    expect(answers[11].call.slice(0, 3)).toEqual(['ProxyCommand', ['--depth', '3', 'word'], expect.anything()]);
  }, 60_000);

  it('gets what the environment says for an option that its line leaves out', async () => {
    const lines = ['mail weekly', 'mail weekly -n 1'];
    const [left, given] = await answerTo(lines, { CLI_MAILS: '7', CLI_DRY_RUN: 'no' });
    expect([left.call[2], left.theirs[2]]).toEqual(Array(2).fill(expect.objectContaining({ numberOfMails: 7 })));
    // Of an option without a value it counts that the variable is there.
    expect(left.call.slice(0, 3)).toEqual(left.theirs.slice(0, 3));
    expect(left.call[2].dryRun).toBe(true);
    expect(given.call.slice(0, 3)).toEqual(given.theirs.slice(0, 3));
    expect(given.call[2].numberOfMails).toBe(1);
  }, 60_000);

  it('fails its run by what it does not take, and is not called', async () => {
    const wrong: [string, RegExp][] = [
      ['mail weekly -n 1 --fast', /Unknown option '--fast'/],
      ['mail weekly', /option --number-of-mails is missing/],
      ['mail weekly -n', /the argument of its option -n is missing/],
      ['mail -n 1', /argument <list> is missing/],
      ['mail weekly -n 1 --format pdf', /--format is one of text, html, not pdf/],
      ['mail weekly -n 1 --tone cold', /--tone is one of warm, dry, not cold/],
      ['nobody-knows --tone warm', /nothing knows the choices of --tone: .*@OptionChoiceFor\(\{ name: 'tone' \}\)/],
      ['users add', /"users add" cannot be run: its argument <name> is missing/],
      ['users lost', /"users lost" .*no module provides LostCommand\..*registerWithSubCommands/],
      ['proxy -v active', /Write them behind it: proxy active --option/],
    ];
    const failures = await answerTo(wrong.map(([line]) => line));
    for (const [index, [line, message]] of wrong.entries()) {
      const error = { code: 'INVALID_COMMAND_ARGUMENTS', message: expect.stringMatching(message) };
      expect({ line, ...failures[index] }).toMatchObject({ line, state: 'failed', error, call: null });
    }
  }, 60_000);

  it('is among the known ones when another is refused at the start', async () => {
    expect(await answerTo(['mail weekly -n 1', 'cache:claer'])).toEqual({
      code: 'UNKNOWN_COMMAND',
      message: expect.stringMatching(
        /no console command "cache:claer".*Known: cache:clear, mail, mail:send, nobody-knows, proxy, users\./,
      ),
    });
  }, 60_000);
});

describe('forRoot({ console })', () => {
  it('runs a command that no provider has as a process of the application', async () => {
    const script = join(folder, 'cli.cjs');
    writeFileSync(
      script,
      `console.log(process.argv.slice(2).join('|')); process.exit(process.argv[3] === 'fail' ? 4 : 0)`,
    );
    const options = { console: [process.execPath, script] as const };
    const good = await run(
      (schedule) => schedule.command('db:seed', ['two words', '--now']).daily(),
      [Caches],
      options,
    );
    expect([good.state, good.output]).toEqual(['succeeded', 'db:seed|two words|--now']);
    await started!.app.close();
    const bad = await run((schedule) => schedule.command('db:seed fail').daily(), [], options);
    expect([bad.state, bad.error?.code]).toEqual(['failed', 'COMMAND_FAILED']);
    expect(bad.error?.message).toMatch(/exit code 4/);
  });

  it('leaves those that a provider has in this process', async () => {
    const options = { console: [process.execPath, join(folder, 'not-there.cjs')] as const };
    await run((schedule) => schedule.command('cache:clear').daily(), [Caches], options);
    expect(calls).toEqual(['context']);
  });
});

describe('at the start', () => {
  it('a command that nobody has is refused, with the known ones', async () => {
    expect(await refusal((schedule) => schedule.command('cache:claer').daily(), [Caches])).toMatchObject({
      code: 'UNKNOWN_COMMAND',
      message: expect.stringMatching(/no console command "cache:claer".*Known: cache:clear\./),
    });
  });

  it('two commands of one name are refused, both named: methods, classes of one name too', async () => {
    const other = (name: string) => {
      const classes: Record<string, Provider> = {};
      @Injectable()
      class Named {
        @ConsoleCommand('cache:clear') clear() {}
      }
      Object.defineProperty(Named, 'name', { value: name });
      classes[name] = Named;
      return classes[name];
    };
    for (const name of ['Caches', 'Others']) {
      expect(await refusal(() => undefined, [Caches, other(name)])).toMatchObject({
        code: 'DUPLICATE_COMMAND',
        message: expect.stringMatching(`Caches.clear of .* and ${name}.clear of `),
      });
    }
  });

  it('one class that two modules provide is one command', async () => {
    class ModuleOfItsOwn {}
    const again = { module: ModuleOfItsOwn, providers: [Caches] };
    const { app } = await compileApp({ providers: [Caches], imports: [again] });
    await expect(app.init()).resolves.toBeDefined();
    await app.close();
  });
});
