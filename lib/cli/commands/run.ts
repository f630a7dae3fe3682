import { refusePassive } from '../passive.js';
import { runMinute } from '../run-once.js';
import { untilAsked } from '../until-asked.js';
import type { Command, CommandParts } from '../command.js';

const examples = ['carillon schedule:run', '* * * * * cd /srv/app && npx carillon schedule:run --once'];

export const run: Command = {
  name: 'schedule:run',
  summary: 'Runs the schedule until it is ended; --once: what falls in this minute, for a system cron',
  words: [],
  options: { once: { type: 'boolean', text: 'run what falls in the current minute, then end' } },
  examples,
  start: (given) => (given.is('once') ? { wholeMinute: true } : {}),
  runs: (given) => (given.is('once') ? 'once' : 'on'),
  async run(parts) {
    refusePassive(parts, parts.given.is('once') ? 'schedule:run --once' : 'schedule:run');
    if (parts.given.is('once')) return runOnce(parts);
    await untilAsked(parts);
    return 0;
  },
};

export const work: Command = {
  ...run,
  name: 'schedule:work',
  summary: 'The same as schedule:run without --once',
  options: {},
  examples: ['carillon schedule:work'],
};

async function runOnce({ assembly, watch, terminal }: CommandParts): Promise<number> {
  await runMinute(assembly, watch!);
  const { failures, open } = watch!;
  if (open.size > 0) {
    const names = [...new Set(open.values())].map((id) => `"${id}"`).join(', ');
    terminal.err(
      terminal.colours.yellow(
        `Not done: ${open.size} ${open.size === 1 ? 'run' : 'runs'} of ${names}. A later call, or a node, tries again.`,
      ),
    );
  }
  return failures + open.size > 0 ? 1 : 0;
}
