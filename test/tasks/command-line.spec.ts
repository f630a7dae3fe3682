import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { commandLine, splitLine, taskName } from '../../lib/tasks/index.js';
import { CommandAttempt } from './command-attempt.js';

describe('command lines', () => {
  it.each([
    [{ exec: ' node backup.js ' }, 'node backup.js'],
    [{ exec: ['node', 'backup.js', '--to', 'a b'] as const }, "node backup.js --to 'a b'"],
    [{ exec: ['echo', "it's", ''] as const }, "echo 'it'\\''s' ''"],
    [{ command: 'cache:clear', args: ['--force'] }, 'cache:clear --force'],
  ])('%j reads %s', (task, line) => {
    expect(commandLine(task)).toBe(line);
  });

  it('keeps shell tasks and console commands apart by name', () => {
    expect(taskName({ exec: 'cache:clear' })).toBe('exec: cache:clear');
    expect(taskName({ command: 'cache:clear', args: [] })).toBe('command: cache:clear');
  });

  it.each([
    ['cache:clear --force', ['cache:clear', '--force']],
    [`mail 'to all' "it's \\"now\\"" a\\ b`, ['mail', 'to all', `it's "now"`, 'a b']],
    ['  spaced   out ', ['spaced', 'out']],
    ['', []],
  ])('%s is parted into %j', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });
});

describe('a secret on a command line', () => {
  it.each([
    ['mysql -psecret app', 'mysql -p*** app'],
    ["/usr/bin/mysqldump -u root -p'se cret' app | gzip", '/usr/bin/mysqldump -u root -p*** app | gzip'],
    ['mysql --password=secret app', 'mysql --password=*** app'],
    ['run --password secret --verbose', 'run --password *** --verbose'],
    ['run --db-pass=secret -token abc', 'run --db-pass=*** -token ***'],
    ['PGPASSWORD=secret pg_dump app', 'PGPASSWORD=*** pg_dump app'],
    ["sh -c 'AWS_SECRET_ACCESS_KEY=abc aws s3'", "sh -c 'AWS_SECRET_ACCESS_KEY=*** aws s3'"],
    ['psql postgres://bob:p@ss/word@db/app', 'psql postgres://bob:***@db/app'],
    ['redis-cli -u redis://:secret@h', 'redis-cli -u redis://:***@h'],
    ['git clone https://ghp_abc@github.com/a/b', 'git clone https://***@github.com/a/b'],
    ["wget 'https://x/y?token=abc&b=1'", "wget 'https://x/y?token=***&b=1'"],
    ["curl -H 'Authorization: Bearer abcdefghij' x", "curl -H 'Authorization: Bearer ***' x"],
    ['curl -H "X-Api-Key: abc123" x', 'curl -H "X-Api-Key: ***" x'],
    [`curl -d '{"password":"x y","user":"bob"}' x`, `curl -d '{"password":"***","user":"bob"}' x`],
    ['curl -u bob:secret https://x', 'curl -u bob:*** https://x'],
    ['redis-cli -a secret ping', 'redis-cli -a *** ping'],
    ['sshpass -p secret ssh -p 22 h', 'sshpass -p *** ssh -p *** h'],
    ['openssl enc -pass pass:secret -in f', 'openssl enc -pass *** -in f'],
    ['smbclient -U bob%secret //h/s', 'smbclient -U bob%*** //h/s'],
    ['zip -P secret a.zip b', 'zip -P *** a.zip b'],
  ])('is not shown: %s', (line, shown) => {
    expect(commandLine({ exec: line })).toBe(shown);
    expect(taskName({ exec: line })).toMatch(/^exec: .* \([0-9a-f]{8}\)$/);
    expect(taskName({ exec: line })).not.toMatch(/secret|abc|ss\/word/);
  });

  it.each([
    'mkdir -p secretdir',
    'ssh -p22 host',
    'mysql -p app',
    'run --no-password app',
    'run --password-file=/run/secrets/db',
    'PGPASSWORD="$PW" pg_dump app',
    'run --token=${TOKEN}',
    'git clone ssh://git@host/a',
    'node backup.js --bypass x --compass=north',
    'echo pass the salt',
  ])('is not seen where there is none: %s', (line) => {
    expect(commandLine({ exec: line })).toBe(line);
    expect(taskName({ exec: line })).toBe(`exec: ${line}`);
  });

  it('in words and arguments of a console command is not shown either', () => {
    expect(commandLine({ exec: ['mysql', '-psecret', 'app'] })).toBe('mysql -p*** app');
    expect(commandLine({ command: 'user:add', args: ['ada', '--password=secret'] })).toBe(
      'user:add ada --password=***',
    );
  });

  it('tells two tasks apart that differ in nothing else', () => {
    const [one, other] = ['one', 'other'].map((secret) => taskName({ exec: `mysql --password=${secret}` }));
    expect(one).not.toBe(other);
  });

  it.each([
    ['that fails', 'sh -c "echo connect to postgres://bob:hunter2@db >&2; exit 3" --token=hunter2'],
    ['that is not found', ['no-such-program', '--token=hunter2'] as const],
    ['that has too many arguments', ['true', '--token=hunter2', 'x'.repeat(3_000_000)] as const],
  ])('is in nothing of the error of a task %s', async (_, exec) => {
    const error = (await new CommandAttempt({ exec }).error)!;
    expect(inspect(error, { depth: 5, showHidden: true })).not.toMatch(/hunter2/);
    expect(error.message).toMatch(/\*\*\*/);
  });

  it('is looked for in a long line without delay', () => {
    const before = process.cpuUsage();
    for (const part of ['a', '-', ':', 'x://a:', '--password=', "'", 'mysql ', 'pass', ' -p']) {
      commandLine({ exec: part.repeat(20_000) });
    }
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  });
});
