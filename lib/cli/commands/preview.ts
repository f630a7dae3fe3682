import { observing } from '../command.js';
import { CommandLineError } from '../errors.js';
import { knownJob } from '../job-place.js';
import { tableLines } from '../table.js';
import { checkedZone } from '../times.js';
import type { PreviewReport } from '../../nest/index.js';
import type { Command, CommandParts } from '../command.js';

const BAR = 40;

export const preview: Command = {
  name: 'schedule:preview',
  summary: 'Shows every fire time between two instants, changes of the clocks, load and collisions',
  words: [],
  options: {
    from: { type: 'string', value: 'instant', text: 'default: now' },
    to: { type: 'string', value: 'instant', text: 'default: 24 hours after from' },
    timezone: { type: 'string', value: 'zone', text: "show times in this zone (default: the module's)" },
    job: { type: 'string', value: 'job', text: 'only this job' },
    load: { type: 'boolean', text: 'also how much is due in each minute' },
    ics: { type: 'boolean', text: 'print an iCalendar feed instead' },
  },
  examples: [
    'carillon schedule:preview --from 2026-10-25 --to 2026-10-26 --timezone Europe/Berlin',
    'carillon schedule:preview --to 2027-01-01 --ics > schedule.ics',
  ],
  start: observing,
  async run(parts) {
    const { registry, assembly, given } = parts;
    const from = given.text('from') ?? new Date(assembly.clock.now());
    const to = given.text('to');
    const job = given.text('job');
    const filter = job === undefined ? {} : { ids: [(await knownJob(parts, job)).id] };
    if (given.is('ics')) return printFeed(parts, await registry.previewCalendar(from, to, filter));
    const timezone = checkedZone(given.text('timezone') ?? assembly.options.timezone);
    const report = await registry.previewReport(from, to, { ...filter, timezone });
    parts.print(report, () => shown(report, parts));
    return 0;
  },
};

/** A feed is a format of its own, and in UTC. */
function printFeed({ given, terminal }: CommandParts, feed: string): number {
  const other = ['json', 'load'].find((option) => given.is(option)) ?? (given.text('timezone') && 'timezone');
  if (other !== undefined) throw new CommandLineError(`schedule:preview: --ics and --${other} exclude each other.`);
  const cut = /^X-WR-CALDESC:(.*(?:\r\n .*)*)/m.exec(feed);
  if (cut !== null) terminal.err(terminal.colours.yellow(cut[1].replace(/\r\n /g, '').replace(/\\([,;])/g, '$1')));
  terminal.out(feed.trimEnd());
  return 0;
}

function shown(report: PreviewReport, { terminal, given }: CommandParts): string[] {
  const { colours } = terminal;
  if (report.fires.length === 0) return ['Nothing is due between these instants.'];
  const rows = report.fires.map(({ local, offset, jobId, clockChange, dueAt, fireTime }) => [
    { text: local },
    { text: offset, colour: colours.dim },
    { text: jobId, colour: colours.bold },
    {
      text: [
        dueAt > fireTime ? `starts ${(dueAt.getTime() - fireTime.getTime()) / 1000} s later (jitter)` : '',
        clockChange,
      ]
        .filter((it) => it !== null && it !== '')
        .join('; '),
      colour: colours.yellow,
    },
  ]);
  const heads = [report.timezone, '', 'JOB', 'NOTE'];
  const lines = tableLines({ heads, rows, columns: terminal.columns, shrinks: 3 }, colours.dim);
  const cut = report.isCut ? [colours.yellow('There are more: a preview ends after 10,000 fire times.')] : [];
  return [...lines, ...cut, '', summary(report), ...(given.is('load') ? ['', ...loadLines(report, terminal)] : [])];
}

function summary({ fires, load, collisions }: PreviewReport): string {
  const most = load.reduce((a, b) => (b.fires > a.fires ? b : a));
  const busiest = `busiest minute ${most.minute.toISOString().slice(0, 16)}Z with ${most.fires}`;
  return `${counted(fires.length, 'fire time')}; ${busiest}; ${counted(collisions.length, 'instant')} with more than one job.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function loadLines({ load }: PreviewReport, { colours }: CommandParts['terminal']): string[] {
  const most = Math.max(...load.map(({ fires }) => fires));
  return load.map(({ minute, fires }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((fires / most) * BAR)));
    return `${colours.dim(`${minute.toISOString().slice(0, 16)}Z`)}  ${String(fires).padStart(6)}  ${colours.cyan(bar)}`;
  });
}
