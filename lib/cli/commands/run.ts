import { SchedulerEvent } from '../../nest/index.js';
import { localTime } from '../times.js';
import { runDueOnce } from '../run-once.js';
import { untilAsked } from '../until-asked.js';
import type { Command, CommandParts } from '../command.js';

const examples = ['carillon schedule:run', '* * * * * cd /srv/app && npx carillon schedule:run --once'];

export const run: Command = {
  name: 'schedule:run',
  summary: 'Runs the schedule until it is ended; --once: what falls in this minute, for a system cron',
  words: [],
  options: { once: { type: 'boolean', text: 'run what falls in the current minute, then end' } },
  examples,
  start: () => ({}),
  async run(parts) {
    const failures = tellRuns(parts);
    if (parts.given.is('once')) await runDueOnce(parts);
    else await untilAsked(parts);
    return parts.given.is('once') && failures() > 0 ? 1 : 0;
  },
};

export const work: Command = {
  ...run,
  name: 'schedule:work',
  summary: 'The same as schedule:run without --once',
  options: {},
  examples: ['carillon schedule:work'],
};

/** A line for each run that starts or ends. @returns how many failed so far */
export function tellRuns({ assembly, terminal, given }: CommandParts): () => number {
  const { colours } = terminal;
  const zone = assembly.options.timezone;
  let failures = 0;
  const tell = (fact: SchedulerEvent, what: string): void => {
    if (given.is('json')) terminal.out(JSON.stringify(fact));
    else terminal.out(`${colours.dim(localTime(fact.at, zone))}  ${colours.bold(fact.job?.id ?? '')}  ${what}`);
  };
  const on = (type: Parameters<typeof assembly.events.on>[0], what: (fact: SchedulerEvent) => string): void => {
    assembly.events.on(type, (fact) => {
      const event = new SchedulerEvent(fact, assembly);
      tell(event, what(event));
    });
  };
  on('run.started', ({ run: started }) => `started, run ${started?.id ?? ''}`);
  on('run.succeeded', ({ run: ended }) => colours.green(`succeeded in ${ended?.durationMs ?? 0} ms`));
  on('run.retrying', ({ run: ended }) => colours.yellow(`failed, will be tried again: ${ended?.error?.message ?? ''}`));
  on('run.skipped', ({ run: ended }) => colours.dim(`skipped (${ended?.reason ?? ''})`));
  for (const type of ['run.failed', 'run.timedOut', 'run.cancelled', 'run.lost'] as const) {
    on(type, ({ run: ended }) => {
      failures++;
      return colours.red(`${type.slice(4)}: ${ended?.error?.message ?? ended?.detail ?? ''}`);
    });
  }
  return () => failures;
}
