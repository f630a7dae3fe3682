import { observing } from '../command.js';
import { CommandLineError } from '../errors.js';
import { tableLines } from '../table.js';
import { checkedZone, localTime, relativeTime } from '../times.js';
import type { Job, SchedulerNode } from '../../nest/index.js';
import type { Command, CommandParts } from '../command.js';
import type { Cell } from '../table.js';
import type { Colours } from '../terminal.js';

const MOST_FIRES = 100;
/** How far ahead fire times are looked for. */
const HORIZON = 366 * 86_400_000;

export const list: Command = {
  name: 'schedule:list',
  summary: 'Shows the jobs, when they are due next, and the live nodes',
  words: [],
  options: {
    next: { type: 'string', value: 'n', text: 'also the next n fire times of each job' },
    timezone: { type: 'string', value: 'zone', text: "show times in this zone (default: the module's)" },
  },
  examples: ['carillon schedule:list --next 3', 'carillon schedule:list --timezone Europe/Berlin --json'],
  start: observing,
  async run(parts) {
    const { registry, assembly, given } = parts;
    const timezone = given.text('timezone') ?? assembly.options.timezone;
    const count = countOf(given.text('next'));
    const jobs = await allJobs(parts);
    const nodes = await registry.nodes();
    const paused = await registry.pauseOfAll();
    const fires = await nextFires(parts, jobs, { count, timezone });
    const data = {
      paused,
      jobs: jobs.map((job) => (count === 0 ? job : { ...job, nextFireTimes: fires.get(job.id) ?? [] })),
      nodes,
    };
    parts.print(data, () => shown(parts, { jobs, nodes, fires, timezone, isPaused: paused !== null }));
    return 0;
  },
};

/** Those that are kept, and those of the code that no start has put into its store yet. */
async function allJobs({ registry }: CommandParts): Promise<Job[]> {
  const [kept, { added }] = [await registry.list(), await registry.diff()];
  const known = new Set(kept.map(({ id }) => id));
  return [...kept, ...added.filter(({ id }) => !known.has(id))].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function countOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_FIRES) return count;
  throw new CommandLineError(`--next is ${text}; give a whole number from 1 to ${MOST_FIRES}.`);
}

async function nextFires(
  { assembly }: CommandParts,
  jobs: readonly Job[],
  { count, timezone }: { count: number; timezone: string },
): Promise<Map<string, Date[]>> {
  checkedZone(timezone);
  const fires = new Map<string, Date[]>();
  if (count === 0) return fires;
  const { scheduler } = assembly;
  const located = new Map(
    [...(await scheduler.diff()).added, ...(await scheduler.list())].map(({ job }) => [job.id, job.trigger]),
  );
  for (const job of jobs) {
    const trigger = located.get(job.id);
    if (trigger === undefined || job.nextFireTime === null || job.trigger.kind === 'unreadable') continue;
    const decoded = assembly.triggers.decode(trigger);
    const list = [job.nextFireTime];
    let next = decoded.next(job.nextFireTime.getTime());
    while (list.length < count && next !== null && next < assembly.clock.now() + HORIZON) {
      list.push(new Date(next));
      next = decoded.next(next);
    }
    fires.set(job.id, list);
  }
  return fires;
}

interface Shown {
  readonly jobs: readonly Job[];
  readonly nodes: readonly SchedulerNode[];
  readonly fires: ReadonlyMap<string, readonly Date[]>;
  readonly timezone: string;
  readonly isPaused: boolean;
}

function shown({ terminal, assembly }: CommandParts, { jobs, nodes, fires, timezone, isPaused }: Shown): string[] {
  const { colours } = terminal;
  if (jobs.length === 0) {
    return ['The schedule is empty: no method is decorated with @Cron, @Interval or @At, and nothing was added.'];
  }
  const now = assembly.clock.now();
  const rows = jobs.map((job) => rowOf(job, { now, timezone, colours }));
  const heads = ['JOB', 'STATUS', 'SCHEDULE', 'NEXT', `(${timezone})`, 'STORE'];
  const lines = tableLines({ heads, rows, columns: terminal.columns, shrinks: 2 }, colours.dim);
  const [head, ...body] = lines;
  const withFires = body.flatMap((line, index) => [
    line,
    ...(fires.get(jobs[index].id) ?? []).map((at) => colours.dim(`    ${localTime(at, timezone)}`)),
  ]);
  const pause = isPaused
    ? ['', colours.yellow('The application is paused: carillon schedule:resume --all ends that.')]
    : [];
  return [head, ...withFires, ...pause, '', ...nodeLines(nodes, now, colours)];
}

function rowOf(job: Job, { now, timezone, colours }: { now: number; timezone: string; colours: Colours }): Cell[] {
  const { nextFireTime } = job;
  const { description } = job.trigger;
  const zone = ` (${job.timezone})`;
  // That of an instant names its zone by itself.
  const isZoneShown = job.timezone === timezone || description.endsWith(zone);
  return [
    { text: job.id, colour: colours.bold },
    statusCell(job, colours),
    { text: isZoneShown ? description : `${description}${zone}` },
    { text: nextFireTime === null ? '-' : relativeTime(nextFireTime, now), colour: colours.cyan },
    { text: nextFireTime === null ? '' : localTime(nextFireTime, timezone) },
    { text: job.store, colour: colours.dim },
  ];
}

function statusCell({ enabled, status, pause }: Job, colours: Colours): Cell {
  if (!enabled) return { text: 'not enabled', colour: colours.dim };
  if (pause !== null) return { text: 'paused', colour: colours.yellow };
  if (status === 'active') return { text: 'active', colour: colours.green };
  return { text: status, colour: status === 'finished' ? colours.dim : colours.red };
}

function nodeLines(nodes: readonly SchedulerNode[], now: number, colours: Colours): string[] {
  if (nodes.length === 0) return [colours.dim('No live node in a shared store.')];
  const lines = nodes.map(({ host, pid, appVersion, seenAt, id }) =>
    colours.dim(`  ${id}  ${host}:${pid}  version ${appVersion}  seen ${relativeTime(seenAt, now)}`),
  );
  return [`${nodes.length} live ${nodes.length === 1 ? 'node' : 'nodes'}:`, ...lines];
}
