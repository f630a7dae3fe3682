import { observing } from '../command.js';
import { CommandLineError } from '../errors.js';
import type { Command } from '../command.js';

export const cancel: Command = {
  name: 'schedule:cancel',
  summary: 'Asks a run to stop, on whichever node it is',
  words: ['<run>'],
  options: { reason: { type: 'string', value: 'text', text: 'why, for its record' } },
  examples: ['carillon schedule:cancel 01J… --reason "wrong data"'],
  start: observing,
  async run(parts) {
    const [id] = parts.given.words;
    if (id === undefined) throw new CommandLineError('schedule:cancel: name a run; schedule:history shows their ids.');
    const run = await parts.registry.cancel(id, parts.given.text('reason') ?? 'carillon schedule:cancel');
    const said =
      run.settledAt === null ? 'is asked to stop; its node hears of it within a third of the lease' : `is ${run.state}`;
    parts.print(run, () => [`Run ${run.id} of "${run.jobId}" ${said}.`]);
    return 0;
  },
};
