import { observing } from '../command.js';
import { CommandLineError } from '../errors.js';
import { knownJob } from '../job-place.js';
import { whyWithinSecond } from '../why-within-second.js';
import { isShared } from '../../nest/index.js';
import type { Command } from '../command.js';

export const why: Command = {
  name: 'schedule:why',
  summary: 'Tells from the records why a job ran, or did not run, at an instant',
  words: ['<job>'],
  options: { at: { type: 'string', value: 'instant', text: "the fire time; without an offset in the job's zone" } },
  examples: ['carillon schedule:why report --at "2026-11-20 09:00"'],
  start: observing,
  async run(parts) {
    const { given, assembly, terminal } = parts;
    const [id] = given.words;
    const at = given.text('at');
    if (id === undefined || at === undefined)
      throw new CommandLineError('schedule:why: name a job and --at <instant>.');
    const job = await knownJob(parts, id);
    const answer = await whyWithinSecond(parts, id, at);
    if (!isShared(assembly.options.stores[job.store])) {
      terminal.err(`Job "${id}" is kept in memory: its records are in its own process, so this answer knows none.`);
    }
    parts.print(answer, () => [
      answer.text,
      ...answer.runs.map((run) =>
        terminal.colours.dim(
          `  run ${run.id}: ${run.state}${run.reason === null ? '' : ` (${run.reason})`}, attempt ${run.attempt}, ` +
            `node ${run.node ?? '-'}, settled ${run.settledAt?.toISOString() ?? '-'}`,
        ),
      ),
    ]);
    return 0;
  },
};
