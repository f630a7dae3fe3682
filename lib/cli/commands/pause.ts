import { observing } from '../command.js';
import { CommandLineError } from '../errors.js';
import { sharedJob } from '../job-place.js';
import { isShared } from '../../nest/index.js';
import type { Command, CommandParts } from '../command.js';

export const pause: Command = {
  name: 'schedule:pause',
  summary: 'Pauses a job, or the whole application, on all nodes',
  words: ['[job]'],
  options: {
    all: { type: 'boolean', text: 'the whole application: maintenance mode' },
    until: { type: 'string', value: 'instant', text: 'resumes by itself then' },
    reason: { type: 'string', value: 'text', text: 'why, for people' },
  },
  examples: [
    'carillon schedule:pause report --until "2026-12-01 09:00"',
    'carillon schedule:pause --all --reason deploy',
  ],
  start: observing,
  async run(parts) {
    const { registry, given } = parts;
    const options = { by: 'carillon', ...defined({ until: given.text('until'), reason: given.text('reason') }) };
    const id = target(parts, 'schedule:pause');
    if (id === null) {
      await registry.pauseAll(options);
      parts.print({ paused: 'all' }, () => ['The application is paused, on all nodes.']);
      return 0;
    }
    const job = await registry.pause((await sharedJob(parts, id, 'schedule:pause')).id, options);
    parts.print(job, () => [`"${job.id}" is paused${until(job.pause?.until ?? null)}.`]);
    return 0;
  },
};

export const resume: Command = {
  name: 'schedule:resume',
  summary: 'Resumes a job, or the whole application',
  words: ['[job]'],
  options: {
    all: { type: 'boolean', text: 'the whole application' },
    'catch-up': { type: 'boolean', text: 'make up for the fire times that were missed' },
  },
  examples: ['carillon schedule:resume report', 'carillon schedule:resume --all'],
  start: observing,
  async run(parts) {
    const { registry, given } = parts;
    const id = target(parts, 'schedule:resume');
    if (id === null) {
      if (given.is('catch-up')) {
        throw new CommandLineError(
          'schedule:resume: --catch-up is for one job. After --all, what was missed is recorded as skipped; make up for it ' +
            'job by job, with registry.backfill().',
        );
      }
      await registry.resumeAll();
      parts.print({ resumed: 'all' }, () => ['The application goes on.']);
      return 0;
    }
    const found = await sharedJob(parts, id, 'schedule:resume');
    const job = await registry.resume(found.id, { catchUp: given.is('catch-up') });
    const next = job.nextFireTime === null ? 'has no fire time to come' : `next at ${job.nextFireTime.toISOString()}`;
    parts.print(job, () => [`"${job.id}" goes on, ${next}.`]);
    return 0;
  },
};

/** The job that is named; null: the whole application, where a store tells other processes. */
function target({ given, assembly }: CommandParts, command: string): string | null {
  const [id] = given.words;
  const isAll = given.is('all');
  if (id !== undefined && isAll) throw new CommandLineError(`${command}: name a job or write --all, not both.`);
  if (id === undefined && !isAll) throw new CommandLineError(`${command}: name a job, or write --all.`);
  if (isAll && !Object.values(assembly.options.stores).some(isShared)) {
    throw new CommandLineError(
      `${command} --all: the application keeps all jobs in memory, in another process, which this one cannot reach. ` +
        `Configure a shared store: stores: { db: { type: 'typeorm' } }.`,
    );
  }
  return id ?? null;
}

function until(at: Date | null): string {
  return at === null ? '' : ` until ${at.toISOString()}`;
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
