import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  HISTORY_TABLE,
  INTERVAL_TABLE,
  OWN_JOB_TABLE,
  POLICY_TABLE,
  RETRY_TABLE,
  TRIGGER_TABLE,
} from '../../lib/nest/options/job-tables.js';
import { OUTPUT_TABLE, PINGS_TABLE } from '../../lib/nest/options/output-tables.js';
import type { OptionTable } from '../../lib/nest/options/kind.js';
import {
  CONFIGURED_TABLE,
  ENHANCER_TABLE,
  EXECUTOR_TABLES,
  MODULE_TABLE,
  STORE_TABLES,
} from '../../lib/nest/options/module-tables.js';
import * as calls from '../../lib/nest/registry/registry-tables.js';
import { Docstrings } from './docstrings.js';

const LIB = resolve(import.meta.dirname, '../../lib');

interface Section {
  readonly title: string;
  readonly lead: string;
  readonly table: OptionTable;
  /** Interfaces whose docstrings describe the options, the first that has one wins. */
  readonly interfaces: readonly string[];
}

const JOB = ['JobOptions', 'PolicyOptions'];
const BESIDE_A_JOB = `Beside these: every option of [jobs](#jobs)`;

function only(table: OptionTable, ...others: readonly OptionTable[]): OptionTable {
  const known = new Set(others.flatMap((other) => Object.keys(other)));
  return Object.fromEntries(Object.entries(table).filter(([name]) => !known.has(name)));
}

const JOBS = { ...POLICY_TABLE, ...OWN_JOB_TABLE };

const SECTIONS: readonly Section[] = [
  {
    title: 'Module',
    lead: '`SchedulerModule.forRoot(options)`; `forRootAsync` makes the same options.',
    table: MODULE_TABLE,
    interfaces: ['SchedulerModuleOptions'],
  },
  {
    title: 'Stores: memory',
    lead: 'Under `stores`, by alias. An object that implements `Store` may stand there instead.',
    table: STORE_TABLES.memory,
    interfaces: ['MemoryStoreOptions'],
  },
  {
    title: 'Stores: typeorm',
    lead: 'Under `stores`, by alias.',
    table: STORE_TABLES.typeorm,
    interfaces: ['TypeOrmStoreOptions'],
  },
  {
    title: 'Stores: redis',
    lead: 'Under `stores`, by alias. `client`, or `url`, or the parts of an address.',
    table: STORE_TABLES.redis,
    interfaces: ['RedisStoreOptions'],
  },
  {
    title: 'Executors: async',
    lead: 'Under `executors`, by alias. An object that implements `Executor` may stand there instead.',
    table: EXECUTOR_TABLES.async,
    interfaces: ['AsyncExecutorOptions'],
  },
  { title: 'Enhancers', lead: 'Under `enhancers`.', table: ENHANCER_TABLE, interfaces: ['EnhancerOptions'] },
  {
    title: 'Jobs',
    lead: 'Of every decorator, of the registry, of `forRoot({ jobs })`.',
    table: OWN_JOB_TABLE,
    interfaces: JOB,
  },
  {
    title: 'Policies',
    lead: 'Of every job, and under `jobDefaults` for all of them.',
    table: POLICY_TABLE,
    interfaces: JOB,
  },
  { title: 'Retry', lead: 'Under `retry`.', table: RETRY_TABLE, interfaces: ['RetryOptions'] },
  {
    title: 'History',
    lead: 'Under `history` of the module and of a job.',
    table: HISTORY_TABLE,
    interfaces: ['HistoryOptions'],
  },
  {
    title: 'Output',
    lead: 'Under `output` of a job. Paths are relative to the working directory.',
    table: OUTPUT_TABLE,
    interfaces: ['OutputOptions'],
  },
  {
    title: 'Pings',
    lead: 'Under `pings` of a job. Called by GET; what becomes of a call never changes the run.',
    table: PINGS_TABLE,
    interfaces: ['PingOptions'],
  },
  {
    title: 'Triggers',
    lead: 'Beside the options of a job in every decorator and in the registry, and of every trigger.',
    table: TRIGGER_TABLE,
    interfaces: ['TriggerOptions'],
  },
  {
    title: 'Intervals',
    lead: 'Beside those, of an interval.',
    table: only(INTERVAL_TABLE, TRIGGER_TABLE),
    interfaces: ['IntervalTriggerOptions'],
  },
  {
    title: 'Jobs of the configuration',
    lead: `\`forRoot({ jobs: { id: task | options } })\`. ${BESIDE_A_JOB} but \`id\`, of [triggers](#triggers) and [intervals](#intervals).`,
    table: only(CONFIGURED_TABLE, JOBS, INTERVAL_TABLE),
    interfaces: ['ConfiguredJob'],
  },
  {
    title: 'Registry: add, addMany, schedule',
    lead: `${BESIDE_A_JOB} and of [triggers](#triggers).`,
    table: only(calls.ADD_CALL.table, JOBS, TRIGGER_TABLE),
    interfaces: ['ManyJobInput', 'JobInput', 'AddOptions', 'TaskOption'],
  },
  {
    title: 'Registry: addCron',
    lead: `${BESIDE_A_JOB} and of [triggers](#triggers), \`replaceExisting\` and \`manager\`.`,
    table: only(calls.CRON_CALL.table, JOBS, TRIGGER_TABLE, calls.ADD_CALL.table),
    interfaces: ['CronJobInput'],
  },
  {
    title: 'Registry: addInterval',
    lead: `${BESIDE_A_JOB}, of [triggers](#triggers) and [intervals](#intervals), \`replaceExisting\` and \`manager\`.`,
    table: only(calls.INTERVAL_CALL.table, JOBS, INTERVAL_TABLE, calls.ADD_CALL.table),
    interfaces: ['IntervalJobInput'],
  },
  {
    title: 'Registry: addAt',
    lead: `${BESIDE_A_JOB} and of [triggers](#triggers), \`replaceExisting\` and \`manager\`.`,
    table: only(calls.DATE_CALL.table, JOBS, TRIGGER_TABLE, calls.ADD_CALL.table),
    interfaces: ['DateJobInput'],
  },
  { title: 'Registry: pause, pauseAll', lead: '', table: calls.PAUSE_CALL.table, interfaces: ['PauseOptions'] },
  { title: 'Registry: resume', lead: '', table: calls.RESUME_CALL.table, interfaces: ['ResumeOptions'] },
  { title: 'Registry: reschedule', lead: '', table: calls.RESCHEDULE_CALL.table, interfaces: ['RescheduleOptions'] },
  {
    title: 'Registry: modify',
    lead: `Every option of [jobs](#jobs) but \`id\`, \`aliases\`, \`store\`, \`onOneServer\`, \`enabled\` and \`environments\`, and:`,
    table: only(calls.MODIFY_CALL.table, JOBS),
    interfaces: ['JobChanges'],
  },
  { title: 'Registry: runNow', lead: '', table: calls.RUN_NOW_CALL.table, interfaces: ['RunNowOptions'] },
  { title: 'Registry: backfill', lead: '', table: calls.BACKFILL_CALL.table, interfaces: ['BackfillOptions'] },
  { title: 'Registry: list', lead: '', table: calls.LIST_CALL.table, interfaces: ['JobListFilter'] },
  { title: 'Registry: runs', lead: '', table: calls.RUNS_CALL.table, interfaces: ['RunListFilter', 'PageOptions'] },
  { title: 'Registry: history', lead: '', table: calls.HISTORY_CALL.table, interfaces: ['PageOptions'] },
  { title: 'Registry: preview', lead: '', table: calls.PREVIEW_CALL.table, interfaces: ['PreviewFilter'] },
];

const HEAD = `# Options

Made from the tables that validate the options, and from the docstrings of their types, by \`node scripts/reference.mjs\`.

A length of time (\`Duration\`) is a number of **milliseconds**, text (\`'90s'\`, \`'1h30m'\`, \`'PT5M'\`) or an object
(\`{ minutes: 5 }\`). A point in time (\`InstantInput\`) is a \`Date\`, a luxon \`DateTime\`, epoch milliseconds or ISO text, in
the job's zone when it names no offset. Everything that is wrong is reported at once, as
[INVALID_OPTIONS](errors.md#invalid_options), before anything is stored.
`;

/** docs/reference/options.md */
export function optionPage(): string {
  const files = ['nest/options/job-options.ts', 'nest/options/module-options.ts', 'core/job-output.ts'];
  const sources = [...files, 'nest/registry/registry-options.ts'].map(
    (path) => new Docstrings(path, readFileSync(resolve(LIB, path), 'utf8')),
  );
  return [HEAD, ...SECTIONS.map((section) => sectionText(section, sources))].join('\n');
}

function sectionText({ title, lead, table, interfaces }: Section, sources: readonly Docstrings[]): string {
  const rows = Object.entries(table).map(([name, { kind, default: fallback }]) => {
    const about = descriptionOf(name, interfaces, sources);
    const unit = kind.unit === undefined ? '' : `, ${kind.unit}`;
    return row([`\`${name}\``, `\`${kind.type}\`${unit}`, kind.limits ?? '', fallback ?? '', about]);
  });
  const head = [row(['option', 'type', 'limits', 'default', 'meaning']), row(['-', '-', '-', '-', '-'])];
  return [`## ${title}\n`, ...(lead === '' ? [] : [`${lead}\n`]), ...head, ...rows, ''].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function descriptionOf(name: string, interfaces: readonly string[], sources: readonly Docstrings[]): string {
  for (const type of interfaces) {
    for (const source of sources) {
      const text = source.ofInterface(type)?.get(name);
      if (text !== undefined && text !== '') return text;
    }
  }
  return '';
}
