import { createInterface } from 'node:readline/promises';
import { CommandLineError, EXIT } from '../errors.js';
import { knownJob } from '../job-place.js';
import { refusePassive } from '../passive.js';
import { lengthText } from '../times.js';
import type { Job, Run } from '../../nest/index.js';
import type { Command, CommandParts } from '../command.js';

export const test: Command = {
  name: 'schedule:test',
  summary: 'Runs one job here and now, beside the schedule: nothing of it reaches a shared store',
  words: ['[job]'],
  options: { name: { type: 'string', value: 'job', text: 'the same; without both, on a terminal, you are asked' } },
  examples: ['carillon schedule:test report', "carillon schedule:test --name 'Nightly clean-up'"],
  // Nothing but the run that is asked for.
  start: () => ({ inMemory: true, onlyAsked: true }),
  async run(parts) {
    const { registry, assembly, terminal } = parts;
    refusePassive(parts, 'schedule:test');
    const job = await chosenJob(parts);
    terminal.err(`Running "${job.id}" (${job.task}) …`);
    const { id } = await registry.runNow(job.id, { force: true });
    await assembly.scheduler.runThrough({});
    const run = await registry.run(id);
    if (run === null) throw new CommandLineError(`The run of "${job.id}" left no record.`, EXIT.failed);
    parts.print(run, () => shown(run, parts));
    return run.outcome === 'succeeded' ? 0 : 1;
  },
};

async function chosenJob(parts: CommandParts): Promise<Job> {
  const [word] = parts.given.words;
  const option = parts.given.text('name');
  if (word !== undefined && option !== undefined) {
    throw new CommandLineError('schedule:test: give a job as a word or by --name, not both.');
  }
  const name = word ?? option;
  if (name !== undefined) return (await byName(parts, name)) ?? (await knownJob(parts, name));
  const jobs = await parts.registry.list({ enabled: true });
  if (jobs.length === 0) throw new CommandLineError('The schedule is empty: there is nothing to test.');
  if (!parts.terminal.isInteractive) throw new CommandLineError('Say which job: schedule:test <job>, or --name <job>.');
  jobs.forEach((job, index) => parts.terminal.err(`  [${index + 1}] ${job.id}  ${job.trigger.description}`));
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await reader.question('Which one? ');
  reader.close();
  const job = jobs[Number(answer) - 1] ?? jobs.find(({ id }) => id === answer.trim());
  if (job === undefined) throw new CommandLineError(`"${answer}" is none of them.`);
  return job;
}

async function byName({ registry }: CommandParts, name: string): Promise<Job | undefined> {
  return (await registry.list()).find((job) => job.name === name);
}

function shown(run: Run, { terminal: { colours } }: CommandParts): string[] {
  const length = lengthText(run.durationMs ?? 0);
  const end =
    run.outcome === 'succeeded'
      ? colours.green(`succeeded in ${length}`)
      : colours.red(`${run.state} after ${length}: ${run.error?.message ?? run.detail ?? run.reason ?? ''}`);
  return [...(run.output === null ? [] : [run.output, '']), end];
}
