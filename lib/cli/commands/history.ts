import { observing } from '../command.js';
import { CommandLineError } from '../errors.js';
import { knownJob } from '../job-place.js';
import { tableLines } from '../table.js';
import { lengthText, localTime } from '../times.js';
import type { Run } from '../../nest/index.js';
import type { RunState } from '../../core/index.js';
import type { Command, CommandParts } from '../command.js';
import type { Cell } from '../table.js';
import type { Colour, Colours } from '../terminal.js';

export const history: Command = {
  name: 'schedule:history',
  summary: 'Shows runs, the newest first, of one job or of all',
  words: ['[job]'],
  options: {
    limit: { type: 'string', value: 'n', text: 'runs, at most (default 20)' },
    state: { type: 'string', value: 'state', text: 'only those: succeeded, failed, skipped …' },
    output: { type: 'boolean', text: 'also what they wrote' },
  },
  examples: ['carillon schedule:history report --limit 5 --output', 'carillon schedule:history --state failed'],
  start: observing,
  async run(parts) {
    const { registry, given } = parts;
    const [id] = given.words;
    if (id !== undefined) await knownJob(parts, id);
    const limit = Number(given.text('limit') ?? 20);
    if (!Number.isInteger(limit) || limit < 1) throw new CommandLineError('--limit must be a whole number from 1.');
    const state = given.text('state') as RunState | undefined;
    const { runs } = await registry.runs({
      limit,
      ...(id === undefined ? {} : { jobId: id }),
      ...(state === undefined ? {} : { state }),
    });
    parts.print({ runs }, () => shown(runs, parts));
    return 0;
  },
};

function shown(runs: readonly Run[], { terminal, assembly, given }: CommandParts): string[] {
  if (runs.length === 0) return ['No run is kept. Runs of memory jobs are known to their own process alone.'];
  const { colours } = terminal;
  const zone = assembly.options.timezone;
  const heads = ['FIRE TIME', 'JOB', 'STATE', 'TOOK', 'ATTEMPT', 'RUN', 'WHY'];
  const rows = runs.map((run) => rowOf(run, zone, colours));
  const [head, ...body] = tableLines({ heads, rows, columns: terminal.columns, shrinks: 6 }, colours.dim);
  const withOutput = body.flatMap((line, index) => {
    const { output } = runs[index];
    return given.is('output') && output !== null ? [line, ...output.split('\n').map((it) => `    ${it}`)] : [line];
  });
  return [head, ...withOutput];
}

function rowOf(run: Run, zone: string, colours: Colours): Cell[] {
  const range = run.count > 1 ? ` (${run.countIsExact ? '' : '≥ '}${run.count})` : '';
  return [
    { text: localTime(run.fireTime, zone) },
    { text: run.jobId, colour: colours.bold },
    { text: run.state, colour: colourOf(run, colours) },
    { text: run.durationMs === null ? '' : lengthText(run.durationMs) },
    { text: String(run.attempt) },
    { text: run.id, colour: colours.dim },
    { text: `${run.reason ?? ''}${range} ${run.detail ?? run.error?.message ?? ''}`.trim().replace(/\s+/g, ' ') },
  ];
}

function colourOf({ state }: Run, colours: Colours): Colour {
  if (state === 'succeeded') return colours.green;
  if (state === 'skipped') return colours.dim;
  return state === 'running' || state === 'waiting' || state === 'buffered' ? colours.cyan : colours.red;
}
