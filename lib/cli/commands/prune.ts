import { observing } from '../command.js';
import type { Command } from '../command.js';

export const prune: Command = {
  name: 'schedule:prune',
  summary: 'Deletes history beyond age and count now',
  words: [],
  options: {},
  examples: ['carillon schedule:prune'],
  start: observing,
  async run(parts) {
    const { terminal } = parts;
    const deleted = await parts.registry.prune((count) => {
      if (terminal.isInteractive && count > 0) terminal.err(`${count} runs so far …`);
    });
    parts.print({ deleted }, () => [`${deleted} ${deleted === 1 ? 'run' : 'runs'} deleted.`]);
    return 0;
  },
};
