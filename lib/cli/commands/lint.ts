import { observing } from '../command.js';
import type { Command } from '../command.js';

export const lint: Command = {
  name: 'schedule:lint',
  summary: 'Finds jobs that never fire, fire too often, share a slot or fall into a change of the clocks',
  words: [],
  options: {},
  examples: ['carillon schedule:lint', 'carillon schedule:lint --json'],
  start: observing,
  async run(parts) {
    const { colours } = parts.terminal;
    const findings = await parts.registry.lint();
    parts.print({ findings }, () =>
      findings.length === 0
        ? [colours.green('Nothing looks wrong.')]
        : findings.map(({ rule, text }) => `${colours.yellow(rule)}  ${text}`),
    );
    return findings.length === 0 ? 0 : 1;
  },
};
