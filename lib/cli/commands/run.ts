import { CommandLineError } from '../errors.js';
import { refusePassive } from '../passive.js';
import { runMinute } from '../run-once.js';
import { untilAsked } from '../until-asked.js';
import type { Command, CommandParts } from '../command.js';
import type { OpenRun, RunWatch } from '../run-watch.js';

const examples = ['carillon schedule:run', '* * * * * cd /srv/app && npx carillon schedule:run --once'];

export const run: Command = {
  name: 'schedule:run',
  summary: 'Runs the schedule until it is ended; --once: what falls in this minute, for a system cron',
  words: [],
  options: {
    once: { type: 'boolean', text: 'run what falls in the current minute, then end' },
    wait: { type: 'boolean', text: 'with --once: wait for runs in the background, too, as a container has to' },
  },
  examples,
  start: (given) => (given.is('once') ? { wholeMinute: true } : {}),
  runs: (given) => (given.is('once') ? 'once' : 'on'),
  async run(parts) {
    if (parts.given.is('wait') && !parts.given.is('once')) {
      throw new CommandLineError(
        'schedule:run: --wait belongs to --once; without it nothing ends before it is asked to.',
      );
    }
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

/** Jobs with `runInBackground`. */
const BACKGROUND: ReadonlySet<string> = new Set(['background']);
const NONE: ReadonlySet<string> = new Set();

async function runOnce({ assembly, watch, terminal, given, leave }: CommandParts): Promise<number> {
  const apart = leave === null || given.is('wait') ? NONE : BACKGROUND;
  await runMinute(assembly, watch!, apart);
  const behind = [...watch!.open.values()].filter(({ executor }) => apart.has(executor));
  if (behind.length > 0) {
    const done = codeOf(watch!, ({ executor }) => !apart.has(executor));
    terminal.err(
      terminal.colours.dim(`In the background ${namesOf(behind)} ${behind.length === 1 ? 'goes' : 'go'} on.`),
    );
    leave!(done);
    await runMinute(assembly, watch!, NONE);
  }
  const open = [...watch!.open.values()];
  if (open.length > 0) {
    terminal.err(terminal.colours.yellow(`Not done: ${namesOf(open)}. A later call, or a node, tries again.`));
  }
  return codeOf(watch!, () => true);
}

function codeOf({ failures, open }: RunWatch, isAwaited: (run: OpenRun) => boolean): number {
  return failures > 0 || [...open.values()].some(isAwaited) ? 1 : 0;
}

function namesOf(runs: readonly OpenRun[]): string {
  const names = [...new Set(runs.map(({ jobId }) => `"${jobId}"`))].join(', ');
  return `${runs.length} ${runs.length === 1 ? 'run' : 'runs'} of ${names}`;
}
