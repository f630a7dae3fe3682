import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandProcess } from './support/command-process.js';

// Each command starts an application, some of them in a process of their own.
jest.setTimeout(60_000);

const commands = new CommandProcess();
const json = async (line: string) => JSON.parse((await commands.run(`${line} --json`)).out) as Record<string, never>;

beforeAll(async () => commands.start());
afterAll(() => commands.end());

describe('before any start', () => {
  it('schedule:diff says what the first deploy adds, and neither it nor schedule:list writes a job (P13)', async () => {
    const diff = await commands.run('schedule:diff --exit-code');
    expect(diff).toMatchObject({ code: 1, err: '' });
    expect(diff.out.split('\n').map((line) => line.slice(0, 12).trim())).toEqual(
      ['+ report  At', '+ leap-day', '+ nightly  A', '+ launch  On'].map((it) => it.trim()),
    );
    const list = await json('schedule:list');
    expect((list['jobs'] as { id: string }[]).map(({ id }) => id)).toEqual([
      'launch',
      'leap-day',
      'local',
      'nightly',
      'off',
      'report',
    ]);
    expect(list['nodes']).toEqual([]);
    expect((await json('schedule:diff'))['added']).toHaveLength(4);
  });
});

describe('schedule:run --once', () => {
  it('runs what falls in this minute; called twice in one minute it runs a job once (P31)', async () => {
    // The first start puts the jobs: none of them is due.
    expect((await commands.run('schedule:run --once')).code).toBe(0);
    const first = existsSync(commands.env.CLI_EVIDENCE) ? readFileSync(commands.env.CLI_EVIDENCE, 'utf8') : '';
    expect(first).toBe('');
    // As if its day had come: the row says so, and two calls meet it. The next one is far, should a minute begin meanwhile.
    await makeDue('leap-day');
    const words = ['schedule:run', '--once', '--app', commands.app()];
    const calls = await Promise.all([commands.runBin(words), commands.runBin(words)]);
    expect(calls.map(({ code }) => code)).toEqual([0, 0]);
    expect(readFileSync(commands.env.CLI_EVIDENCE, 'utf8').trim().split('\n')).toHaveLength(1);
    expect(calls.filter(({ out }) => /leap-day {2}succeeded/.test(out))).toHaveLength(1);
  });
});

/** Sets a job's next fire time to the beginning of this minute, in the store itself. */
async function makeDue(id: string): Promise<void> {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(commands.env.CLI_DATABASE);
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const { changes } = database
    .prepare(
      `UPDATE carillon_jobs SET fire_time = @minute, due_at = @minute, wake_at = @minute
         WHERE job_key = (SELECT job_key FROM carillon_definitions WHERE id = @id)`,
    )
    .run({ minute, id });
  database.close();
  expect(changes).toBe(1);
}

describe('reading', () => {
  it('schedule:list shows jobs, zones and next fire times in lines no longer than the terminal', async () => {
    const { out, err } = await commands.run('schedule:list --next 2 --timezone Europe/Berlin');
    expect(err).toBe('');
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
    expect(out).toMatch(/^JOB +STATUS +SCHEDULE +NEXT +\(Europe\/Berlin\) +STORE/);
    expect(out).toMatch(/report +active +At 09:00/);
    expect(out).toMatch(/off +not enabled/);
    expect(out).toMatch(/ {4}\d{4}-\d\d-\d\d 09:00:00/);
    expect(out).toMatch(/^No live node in a shared store\.$/m);
  });

  it('schedule:list names the zone of an instant once', async () => {
    // Into a pipe nothing is cut off.
    const { out } = await commands.runBin(['schedule:list', '--timezone', 'Europe/Berlin', '--app', commands.app()]);
    expect(out).toMatch(/launch +active +Once, at 2030-01-01T09:00:00\.956Z \(UTC\) {2}/);
  });

  it('schedule:preview lists fire times with changes of the clocks, load and an iCalendar feed', async () => {
    const range = '--from 2027-10-30T12:00Z --to 2027-10-31T12:00Z --job nightly';
    const preview = await commands.run(`schedule:preview ${range} --timezone Europe/Berlin`);
    expect(preview.out).toMatch(/2027-10-31 02:30:00 +\+02:00 +nightly +02:30 comes twice that day; this is the first/);
    expect((await commands.run(`schedule:preview ${range} --ics`)).out).toMatch(
      /^BEGIN:VCALENDAR[\s\S]*SUMMARY:Nightly clean-up/,
    );
    expect((await commands.run('schedule:preview --from 2027-01-01 --to 2027-01-02 --load')).out).toMatch(/█/);
  });

  it('schedule:preview counts one as one', async () => {
    const range = '--from 2027-01-04T00:00Z --to 2027-01-05T00:00Z';
    const { out } = await commands.run(`schedule:preview ${range} --job report`);
    expect(out).toMatch(/^1 fire time; busiest minute 2027-01-04T08:00Z with 1; 0 instants with/m);
  });

  it('schedule:lint finds the job that falls into a change of the clocks', async () => {
    const { code, out } = await commands.run('schedule:lint');
    expect(code).toBe(1);
    expect(out).toMatch(/^clockChange {2}Job "nightly" falls into a change of the clocks/m);
  });

  it('schedule:history and schedule:why tell of the run that was made', async () => {
    const { out } = await commands.run('schedule:history leap-day');
    expect(out).toMatch(/leap-day +succeeded/);
    const { runs } = await json('schedule:history leap-day');
    const [{ fireTime }] = runs as { fireTime: string }[];
    const why = await commands.run(['schedule:why', 'leap-day', '--at', fireTime]);
    expect(why.out).toMatch(/^Run \S+ succeeded(, one record for \d+ fire times)?\.\n {2}run/);
    expect((await commands.run('schedule:why report --at 2020-01-01T09:01Z')).out).toMatch(
      /is no fire time of "report"/,
    );
  });

  it.each([
    ['2030-01-01 09:00:00', /^"launch" has not reached 2030-01-01T09:00:00\.956Z;/],
    ['2030-01-01T10:00:00+01:00', /^"launch" has not reached 2030-01-01T09:00:00\.956Z;/],
    ['2030-01-01 09:00:01', /^2030-01-01T09:00:01\.000Z is no fire time of "launch"/],
    ['2030-01-01T09:00:00.000Z', /^2030-01-01T09:00:00\.000Z is no fire time of "launch"/],
  ])('schedule:why takes an instant as lists show it, and one with a fraction as it is: %s', async (at, text) => {
    expect((await commands.run(['schedule:why', 'launch', '--at', at])).out).toMatch(text);
  });
});

describe('managing', () => {
  it('schedule:pause and schedule:resume reach a job of a shared store, and the whole application', async () => {
    expect((await commands.run(['schedule:pause', 'report', '--reason', 'holiday'])).out).toBe('"report" is paused.');
    expect((await commands.run('schedule:list')).out).toMatch(/report +paused/);
    expect((await commands.run('schedule:resume report')).out).toMatch(/"report" goes on, next at/);
    expect((await commands.run('schedule:pause --all')).code).toBe(0);
    expect((await commands.run('schedule:list')).out).toMatch(/The application is paused/);
    expect((await commands.run('schedule:resume --all')).out).toBe('The application goes on.');
  });

  it('schedule:test runs one job here and now, and leaves no trace in the store', async () => {
    const well = await commands.run('schedule:test --name report');
    expect(well).toMatchObject({ code: 0 });
    expect(well.out).toMatch(/^counting\nreport of manual\n\nsucceeded in/);
    const failing = await commands.run(['schedule:test', '--name', 'Nightly clean-up']);
    expect(failing).toMatchObject({ code: 1 });
    expect(failing.out).toMatch(/failed after .*: the disk is full/);
    expect(await commands.run('schedule:test report')).toMatchObject({ code: 0 });
    expect((await commands.run('schedule:history nightly')).out).toMatch(/No run is kept/);
  });

  it('schedule:prune says how much went, schedule:cancel names a settled run as it is', async () => {
    expect((await commands.run('schedule:prune')).out).toBe('0 runs deleted.');
    const { runs } = await json('schedule:history leap-day');
    const [{ id }] = runs as { id: string }[];
    expect((await commands.run(['schedule:cancel', id])).out).toBe(`Run ${id} of "leap-day" is succeeded.`);
  });

  it('schedule:diff says what another code would change', async () => {
    const { out } = await commands.run('schedule:diff', { env: { CLI_VERSION: '0.9.0' } });
    expect(out).toBe('No difference.');
  });
});

describe('what is wrong is said in one line, with an exit code', () => {
  it.each([
    ['an unknown command', 'schedule:lst', 2, /^There is no command "schedule:lst"\. Did you mean schedule:list/],
    ['an unknown command without its prefix', 'lst', 2, /^There is no command "lst"\. Did you mean list/],
    ['an unknown option', 'schedule:list --nxt 3', 2, /^schedule:list: Unknown option '--nxt'/],
    ['too many words', 'schedule:list report', 2, /takes no words: "report" is too many/],
    ['instants as words', 'schedule:preview 2027-01-04 2027-01-05', 2, /no words: "2027-01-04".*by --from and --to\./],
    ['an unknown job', 'schedule:pause repor', 2, /^There is no job "repor"\. Did you mean report\?/],
    ['an unknown job of a preview', 'schedule:preview --job nosuch', 2, /^There is no job "nosuch"/],
    ['a feed and JSON', 'schedule:preview --ics --json', 2, /--ics and --json exclude each other/],
    ['an option without its value', 'schedule:history --state', 2, /Option '--state' argument is ambiguous/],
    ['a catch-up of all', 'schedule:resume --all --catch-up', 2, /--catch-up is for one job/],
    ['a wrong zone', 'schedule:list --timezone Mars/Base', 2, /no time zone "Mars\/Base"/],
    ['a wrong count', 'schedule:list --next many', 2, /--next is many/],
    ['an instant that is none', 'schedule:why report --at soon', 2, /option "at" is 'soon'/],
    ['a job of another process', 'schedule:pause local', 2, /lives in another process/],
    ['neither a job nor all', 'schedule:pause', 2, /name a job, or write --all/],
    ['both', 'schedule:pause report --all', 2, /not both/],
    ['an unknown run', 'schedule:cancel nothing', 2, /There is no run "nothing"/],
    ['no name, and nobody to ask', 'schedule:test', 2, /Say which job: schedule:test <job>, or --name/],
    ['a job named twice', 'schedule:test report --name nightly', 2, /as a word or by --name, not both/],
    ['a job that is not there to test', 'schedule:test --name nosuch', 2, /^There is no job "nosuch"/],
    ['a date that does not exist', 'schedule:why report --at 2026-02-30', 2, /"at" is '2026-02-30'.*does not exist/],
    ['no instant', 'schedule:why report', 2, /name a job and --at <instant>/],
    ['a window that ends before it begins', 'schedule:preview --from 2027-01-02 --to 2027-01-01', 2, /before from/],
    ['a window from no instant', 'schedule:preview --from soon', 2, /"from" is 'soon'/],
    ['a wrong zone of a preview', 'schedule:preview --timezone Mars/Base', 2, /no time zone "Mars\/Base"/],
    ['a feed and its load', 'schedule:preview --ics --load', 2, /--ics and --load exclude each other/],
    [
      'an option that others have',
      'schedule:history --since 2026-01-01',
      2,
      /^schedule:history: Unknown option '--since'/,
    ],
    ['no number of runs', 'schedule:history --limit 0', 2, /--limit must be a whole number from 1/],
    [
      'a state that is none',
      'schedule:history --state sleeping',
      2,
      /"state" is 'sleeping'; it must be one of 'buffered'/,
    ],
    ['a job without history', 'schedule:history nosuch', 2, /^There is no job "nosuch"/],
    ['a pause that is over', 'schedule:pause report --until 2020-01-01', 2, /which is past/],
    ['a pause until no instant', 'schedule:pause --all --until soon', 2, /"until" is 'soon'/],
    ['a run that is not named', 'schedule:cancel', 2, /name a run/],
    ['a value that an option does not take', 'schedule:run --once=yes', 2, /'--once' does not take an argument/],
    ['waiting for what does not end', 'schedule:run --wait', 2, /--wait belongs to --once/],
    ['too many fire times', 'schedule:list --next 101', 2, /whole number from 1 to 100/],
  ])('%s: %s', async (_, line, code, message) => {
    const answer = await commands.run(line);
    expect(answer).toMatchObject({ code, out: '' });
    expect(answer.err).toMatch(message);
    expect(answer.err.split('\n')).toHaveLength(1);
  });

  it.each([
    ['a module that throws when it is loaded', 'throws-at-import', /could not be loaded: no configuration file/],
    ['a module that does not start', 'fails-to-start.module', /could not be started: the database is away/],
    ['an application without a schedule', 'plain.module#PlainModule', /does not import SchedulerModule/],
    ['an export that is not there', 'plain.module#Other', /exports no Other.*NoModule, PlainModule/],
    [
      'a module that is not exported',
      'not-exported.module',
      /exports no class\. Export its root module: export class AppModule\.$/m,
    ],
    ['a file that is not there', 'nothing.module', /there is no file/],
  ])('%s', async (_, app, message) => {
    const [name, exportName] = app.split('#');
    const path = commands.app(name) + (exportName === undefined ? '' : `#${exportName}`);
    const answer = await commands.runBin(['schedule:list', '--app', path]);
    expect(answer).toMatchObject({ code: 3, out: '' });
    expect(answer.err).toMatch(message);
    expect(answer.err.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    ['an unknown command', ['schedule:lst'], 2, /Did you mean schedule:list/],
    ['an application in TypeScript', ['schedule:list', '--app', 'app.module.ts'], 3, /Name the compiled one/],
    ['no application at all', ['schedule:list'], 3, /^No application was found: there is no dist\/app\.module\.js/],
  ])('%s, by the command itself', async (_, words, code, message) => {
    const answer = await commands.runBin(words);
    expect(answer).toMatchObject({ code, out: '' });
    expect(answer.err).toMatch(message);
    expect(answer.err.trim().split('\n')).toHaveLength(1);
  });

  it('an empty schedule says so', async () => {
    expect((await commands.run('schedule:list', { app: 'empty.module' })).out).toMatch(/^The schedule is empty/);
  });
});

describe('the process', () => {
  it('finds the application by package.json, and helps', async () => {
    writeFileSync(join(commands.folder, 'package.json'), JSON.stringify({ carillon: { app: commands.app() } }));
    const list = await commands.runBin(['list', '--json']);
    expect(list).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(list.out)).toHaveProperty('jobs');
    expect((await commands.runBin(['--help'])).out).toMatch(/schedule:preview/);
    expect((await commands.runBin(['schedule:run', '--help'])).out).toMatch(/--once/);
  });

  it('schedule:run goes on until it is asked to end, and ends in order', async () => {
    const child = spawn(
      process.execPath,
      [commands.code.file('lib/cli/main.ts'), 'schedule:run', '--app', commands.app()],
      {
        env: { ...process.env, ...commands.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let told = '';
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await new Promise<void>((resolve) =>
      child.stderr.on('data', (chunk: Buffer) => {
        told += chunk.toString();
        if (told.includes('Ctrl+C ends it')) resolve();
      }),
    );
    expect((await commands.run('schedule:list')).out).toMatch(/1 live node:/);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(told).toMatch(/SIGTERM: no more is started/);
    expect((await commands.run('schedule:list')).out).toMatch(/No live node/);
  });
});
