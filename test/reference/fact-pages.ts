import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Docstrings } from './docstrings.js';

const LIB = resolve(import.meta.dirname, '../../lib');

const ERROR_HEAD = `# Errors

Every error of this package is a \`SchedulerError\` with a stable \`code\`; its message says what happened, where, and what to
do. Facts are fields of the error, a foreign error is its \`cause\`. Made from the classes by \`node scripts/reference.mjs\`.
`;

/** docs/reference/errors.md */
export function errorPage(): string {
  const errors = libFiles().flatMap((path) =>
    new Docstrings(path, readFileSync(path, 'utf8'))
      .errors()
      .map((it) => ({ ...it, room: relative(LIB, path).split(/[\\/]/)[0] ?? '' })),
  );
  errors.sort((a, b) => (a.code < b.code ? -1 : 1));
  return [ERROR_HEAD, ...errors.map(({ code, name, text }) => `## ${code}\n\n\`${name}\`. ${text}\n`)].join('\n');
}

/** Every code with the number of classes that have it. */
export function errorCodes(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of libFiles()) {
    for (const { code } of new Docstrings(path, readFileSync(path, 'utf8')).errors()) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  return counts;
}

function libFiles(): string[] {
  return readdirSync(LIB, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

const EVENT_HEAD = `# Events

Listen with \`@OnSchedulerEvent(type)\`, several types in a list, all with \`'*'\`. A listener is given a \`SchedulerEvent\`: type,
instant, node, store, and, depending on the type, job, run, detail, error and data. A run's outcome is durable before its
event is told. A listener that throws is reported and harms nothing. Made from the list in the source by
\`node scripts/reference.mjs\`.

| event | when, and what it carries |
| - | - |
`;

/** docs/reference/events.md */
export function eventPage(): string {
  const path = resolve(LIB, 'core/events.ts');
  const events = new Docstrings(path, readFileSync(path, 'utf8')).listOf('EVENT_TYPES');
  return EVENT_HEAD + [...events].map(([type, text]) => `| \`${type}\` | ${text.replaceAll('|', '\\|')} |\n`).join('');
}
