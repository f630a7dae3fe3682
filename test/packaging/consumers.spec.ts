import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Consumers } from './consumers.js';
import type { Consumer, Ended } from './consumers.js';

const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'));
const installed = await Consumers.install();
const installable = installed ? describe : describe.skip;
const reason = installed ? '' : ' (skipped: no npm registry and no cache to install from)';
const consumers = installed as Consumers;

afterAll(() => installed?.remove(), 90_000);

installable(`the packed package${reason}`, () => {
  it('holds what its exports and commands name, its licence and its documents', () => {
    const entries = Object.values<string | { types: string; default: string }>(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : [entry.types, entry.default],
    );
    const named = [...entries, ...Object.values<string>(manifest.bin ?? {})].map((path) => path.replace('./', ''));
    expect(consumers.packed.files).toEqual(
      expect.arrayContaining([...named, 'README.md', 'LICENSE', 'CHANGELOG.md', 'UPGRADING.md']),
    );
  });

  it('holds nothing else', () => {
    const odd = consumers.packed.files.filter((path) => !/^(dist\/.*|[A-Z]+\.md|LICENSE|package\.json)$/.test(path));
    expect(odd).toEqual([]);
  });
});

const kinds: Consumer[] = [
  { nest: 11, format: 'ESM' },
  { nest: 11, format: 'CommonJS' },
  { nest: 12, format: 'ESM' },
  { nest: 12, format: 'CommonJS' },
];

installable.each(kinds)('an application on Nest $nest in $format' + reason, (consumer) => {
  // Two at a time: compiling takes longest, and a machine has two cores.
  beforeAll(() => {
    for (const it of kinds) if (it.nest === consumer.nest) void consumers.compile(it);
  });

  it('compiles against the type declarations of the package', async () => {
    const { stdout } = await consumers.compile(consumer);
    // Other packages' declarations may need packages that this application does without.
    expect(stdout.split('\n').filter((line) => /^src\/|nest-carillon/.test(line))).toEqual([]);
  }, 90_000);

  it('runs its decorated jobs, and ends by itself after close', async () => {
    const ended = await consumers.start(consumer, 'main');
    expect({ ...ended, stdout: resultOf(ended) }).toEqual({
      code: 0,
      stderr: '',
      stdout: {
        jobs: ['cron', 'interval'],
        ran: {
          cron: { fireTime: expect.stringMatching(/:\d\d\.000Z$/), context: true },
          interval: { fireTime: expect.any(String), context: true },
        },
      },
    });
    expect(ended.stdout).toMatch(/^cron ran for \d{4}-/m);
  }, 90_000);

  it('is told how to install typeorm when a store needs it and it is missing', async () => {
    expect(resultOf(await consumers.start(consumer, 'missing-package'))).toEqual({
      code: expect.stringMatching(/^[A-Z_]+$/),
      message: expect.stringContaining('npm install typeorm'),
    });
  }, 90_000);
});

installable(`an application with typeorm${reason}`, () => {
  const commonJs = kinds.filter(({ format }) => format === 'CommonJS');
  beforeAll(() => Promise.all(commonJs.map((consumer) => consumers.add(consumer, 'typeorm'))), 240_000);

  it.each<Consumer>(commonJs)(
    'is told how to install better-sqlite3 when it is missing, on Nest $nest',
    async (consumer) => {
      expect(resultOf(await consumers.start(consumer, 'missing-package'))).toEqual({
        code: expect.stringMatching(/^[A-Z_]+$/),
        message: expect.stringMatching(/npm install (typeorm )?better-sqlite3/),
      });
    },
    120_000,
  );
});

installable(`a CommonJS application tested with jest${reason}`, () => {
  it('requires the library with the two lines of the README', async () => {
    const ended = await consumers.jest({ nest: 11, format: 'CommonJS' });
    expect(ended.stderr).toMatch(/^Tests: +1 passed, 1 total$/m);
  }, 90_000);
});

/** What the application printed as its last line. */
function resultOf(ended: Ended): unknown {
  const last = ended.stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last);
  } catch {
    return `${ended.stdout}${ended.stderr}`;
  }
}
