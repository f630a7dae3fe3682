import type { Kind, OptionTable, Problem, TableOf } from '../options/kind.js';
import { conflict, mustBe, problem } from '../options/kind.js';
import { either, flag, integer, listOf, oneOf, text, thing } from '../options/kinds.js';
import { isClass, isMethodReference } from '../options/hook-kind.js';
import {
  FOREIGN_JOB_OPTIONS,
  INTERVAL_TABLE,
  JOB_TABLE,
  jobContradictions,
  TRIGGER_TABLE,
} from '../options/job-tables.js';
import type { GroupRules } from '../options/tables.js';
import { cronRule, trigger } from '../options/trigger-kinds.js';
import { duration, instant, zone } from '../options/units.js';
import type {
  AddOptions,
  BackfillOptions,
  CronJobInput,
  DateJobInput,
  IntervalJobInput,
  JobChanges,
  JobInput,
  JobListFilter,
  PageOptions,
  PauseOptions,
  PreviewFilter,
  ReportFilter,
  RescheduleOptions,
  ResumeOptions,
  RunListFilter,
  RunNowOptions,
} from './registry-options.js';

const TASK_SHAPE = "'Class.method', [Class, 'method'], a name from forFeature({ tasks }) or a function";

/** Made once: it is asked for each of thousands of jobs that are added together. */
const taskByName = text(300);

const taskReference: Kind = {
  type: "string | [Class, 'method'] | function",
  check(value, option) {
    if (typeof value === 'string') return taskByName.check(value, option);
    if (isMethodReference(value)) return [];
    if (typeof value !== 'function') return mustBe(option, value, TASK_SHAPE);
    if (!isClass(value)) return [];
    return mustBe(option, value, TASK_SHAPE, `Name the method too: [${value.name}, 'method'].`);
  },
};

const ADD: TableOf<AddOptions> = {
  replaceExisting: {
    kind: flag(),
    default: 'false',
    neighbours: ['replace_existing', 'replace', 'upsert', 'overwrite'],
  },
  manager: {
    kind: thing('EntityManager', "TypeORM's EntityManager", (value) => typeof value === 'object' && value !== null),
    neighbours: ['within', 'transaction', 'entityManager', 'tx'],
  },
};

const TASK = { task: { kind: taskReference, neighbours: ['func', 'handler', 'method', 'callback', 'fn', 'run'] } };

const { initialDelay: _initial, fixedDelay: _fixed, ...FOREIGN_INTERVAL } = FOREIGN_JOB_OPTIONS;

/** What a call takes, and the rules beyond single options. */
export interface CallTable {
  readonly table: OptionTable;
  readonly rules: GroupRules;
  /** Options that must be there, with what to write when they are not. */
  readonly required: Readonly<Record<string, string>>;
  /** The call names a job first. */
  readonly ofJob?: boolean;
}

const TASK_REQUIRED = { task: `Write task: ${TASK_SHAPE}.` };
const IN_THE_TRIGGER = 'Give it to the interval: every(length, { … }).';

export const ADD_CALL: CallTable = {
  table: {
    ...TASK,
    trigger: { kind: trigger(), neighbours: ['triggers'] },
    ...ADD,
    ...JOB_TABLE,
    ...TRIGGER_TABLE,
  } satisfies TableOf<JobInput>,
  rules: {
    foreign: {
      ...FOREIGN_JOB_OPTIONS,
      initialDelay: IN_THE_TRIGGER,
      fixedDelay: IN_THE_TRIGGER,
      cron: "Write trigger: cron('0 9 * * *'), or call addCron({ expression }).",
      expression: 'Call addCron, or write trigger: cron(expression).',
      every: "Write trigger: every('5m'), or call addInterval({ every }).",
      at: 'Write trigger: at(instant), or call addAt({ at }).',
    },
    together: jobContradictions,
  },
  required: { ...TASK_REQUIRED, trigger: "Write trigger: cron('0 9 * * *'), every('5m') or at(instant)." },
};

const FOR_ALL = 'It is given for all jobs at once: addMany(jobs, { … }).';
const { replaceExisting: _replaceExisting, manager: _manager, ...ENTRY } = ADD_CALL.table;

/** One job of `addMany`. */
export const ADD_MANY_ENTRY: CallTable = {
  ...ADD_CALL,
  table: ENTRY,
  rules: { ...ADD_CALL.rules, foreign: { ...ADD_CALL.rules.foreign, replaceExisting: FOR_ALL, manager: FOR_ALL } },
};

export const ADD_MANY_CALL: CallTable = { table: ADD, rules: {}, required: {} };

const noFields = thing('CronFields', 'an object of fields, such as { hour: 9 }', () => false);

export const CRON_CALL: CallTable = {
  table: {
    ...TASK,
    expression: {
      kind: { ...either(text(500), cronRule(), isFilledText), type: 'string' },
      neighbours: ['cron', 'cronExpression', 'cron_expression', 'cronTime', 'pattern'],
    },
    fields: {
      kind: { ...either(noFields, cronRule(), (value) => typeof value !== 'string'), type: 'CronFields' },
    },
    ...ADD,
    ...JOB_TABLE,
    ...TRIGGER_TABLE,
  } satisfies TableOf<CronJobInput>,
  rules: {
    foreign: FOREIGN_JOB_OPTIONS,
    together: (options) => [...jobContradictions(options), ...expressionOrFields(options)],
  },
  required: TASK_REQUIRED,
};

function isFilledText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function expressionOrFields({ expression, fields }: Record<string, unknown>): readonly Problem[] {
  if (expression !== undefined && fields !== undefined) {
    return conflict('fields', fields, 'stands beside expression. Keep one of them.');
  }
  if (expression !== undefined || fields !== undefined) return [];
  return problem('expression', undefined, "is not given. Write expression: '0 9 * * *' or fields: { hour: 9 }.");
}

export const INTERVAL_CALL: CallTable = {
  table: {
    ...TASK,
    every: {
      kind: duration({ refusesSmallNumbers: true, zeroAdvice: "is 0: it would fire without end. Write '5m'." }),
      neighbours: ['interval', 'length', 'period', 'ms'],
    },
    ...ADD,
    ...JOB_TABLE,
    ...INTERVAL_TABLE,
  } satisfies TableOf<IntervalJobInput>,
  rules: { foreign: { ...FOREIGN_INTERVAL, ...unitNames() }, together: jobContradictions },
  required: { ...TASK_REQUIRED, every: "Write every: '5m' or { minutes: 5 }." },
};

function unitNames(): Record<string, string> {
  const units = ['milliseconds', 'seconds', 'minutes', 'hours', 'days', 'weeks'];
  return Object.fromEntries(units.map((unit) => [unit, `Write every: { ${unit}: … }.`]));
}

export const DATE_CALL: CallTable = {
  table: {
    ...TASK,
    at: { kind: instant(), neighbours: ['date', 'runDate', 'run_date', 'runAt', 'when'] },
    ...ADD,
    ...JOB_TABLE,
    ...TRIGGER_TABLE,
  } satisfies TableOf<DateJobInput>,
  rules: { foreign: { ...FOREIGN_JOB_OPTIONS, delay: 'Write at: the instant.' }, together: jobContradictions },
  required: TASK_REQUIRED,
};

const NOT_TO_CHANGE = 'It cannot be changed. Add the job anew with replaceExisting: true.';
const {
  id: _id,
  aliases: _aliases,
  store: _store,
  onOneServer: _onOneServer,
  enabled: _enabled,
  environments: _environments,
  ...CHANGEABLE
} = JOB_TABLE;

export const MODIFY_CALL: CallTable = {
  ofJob: true,
  table: { ...CHANGEABLE, trigger: { kind: trigger() } } satisfies TableOf<JobChanges>,
  rules: {
    foreign: {
      ...FOREIGN_JOB_OPTIONS,
      ...Object.fromEntries(
        ['id', 'aliases', 'store', 'onOneServer', 'environments', 'task'].map((name) => [name, NOT_TO_CHANGE]),
      ),
      enabled: 'Call pause(id) or resume(id).',
      cron: 'Write trigger: cron(…).',
      every: 'Write trigger: every(…).',
    },
    together: jobContradictions,
  },
  required: {},
};

function plain(table: OptionTable, more: Partial<CallTable> = {}): CallTable {
  return { table, rules: {}, required: {}, ...more };
}

const OF_JOB = { ofJob: true } as const;

const PAUSE: TableOf<PauseOptions> = {
  by: { kind: text(200), neighbours: ['who', 'user'] },
  reason: { kind: text(2_000), neighbours: ['why', 'message'] },
  until: { kind: instant(), neighbours: ['to', 'end', 'for'] },
};

export const PAUSE_CALL = plain(PAUSE, OF_JOB);
export const PAUSE_ALL_CALL = plain(PAUSE);

export const RESUME_CALL = plain(
  {
    catchUp: { kind: flag(), default: 'false', neighbours: ['catch_up', 'catchup'] },
  } satisfies TableOf<ResumeOptions>,
  OF_JOB,
);

export const RESCHEDULE_CALL = plain(
  {
    timezone: { kind: zone(), default: 'as it is', neighbours: ['timeZone', 'tz', 'zone'] },
  } satisfies TableOf<RescheduleOptions>,
  OF_JOB,
);

export const RUN_NOW_CALL = plain(
  {
    args: {
      kind: thing('unknown[]', 'a list of arguments', Array.isArray),
      default: "the job's",
      neighbours: ['arguments', 'params'],
    },
    force: { kind: flag(), default: 'false', neighbours: ['forced'] },
  } satisfies TableOf<RunNowOptions>,
  OF_JOB,
);

const BACKFILL_ADVICE = "Write { from: '2026-03-01', to: '2026-03-08' }.";
export const BACKFILL_CALL = plain(
  {
    from: { kind: instant(), neighbours: ['start'] },
    to: { kind: instant(), neighbours: ['end', 'until'] },
  } satisfies TableOf<BackfillOptions>,
  { ...OF_JOB, required: { from: BACKFILL_ADVICE, to: BACKFILL_ADVICE } },
);

const status = oneOf('active', 'finished', 'orphaned', 'unresolved');
const state = oneOf(
  'buffered',
  'waiting',
  'running',
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'lost',
  'skipped',
);

export const LIST_CALL = plain({
  ids: { kind: listOf(text(200), 10_000), neighbours: ['id'] },
  store: { kind: text(64) },
  origin: { kind: oneOf('code', 'runtime') },
  status: { kind: either(status, listOf(status), Array.isArray), neighbours: ['state', 'states', 'statuses'] },
  task: { kind: taskReference },
  tag: { kind: text(64), neighbours: ['tags'] },
  paused: { kind: flag(), neighbours: ['isPaused'] },
  enabled: { kind: flag(), neighbours: ['isEnabled'] },
  after: { kind: text(200), neighbours: ['cursor', 'offset'] },
  limit: { kind: integer(1, 10_000), default: 'all', neighbours: ['take', 'count', 'pageSize'] },
} satisfies TableOf<JobListFilter>);

const PAGE: TableOf<PageOptions> = {
  limit: { kind: integer(1, 1_000), default: '50', neighbours: ['take', 'count', 'pageSize'] },
  cursor: { kind: text(1_000), neighbours: ['after', 'offset', 'page', 'skip'] },
};

export const HISTORY_CALL = plain(PAGE, OF_JOB);

const REASONS = ['misfire', 'overlap', 'condition', 'paused', 'limit', 'past', 'rescheduled', 'unresolved', 'denied'];

export const RUNS_CALL = plain({
  ...PAGE,
  jobId: { kind: text(200), neighbours: ['job', 'id', 'job_id'] },
  store: { kind: text(64) },
  state: { kind: either(state, listOf(state), Array.isArray), neighbours: ['states', 'status', 'outcome'] },
  reason: { kind: oneOf(...REASONS) },
  node: { kind: text(200), neighbours: ['nodeId'] },
  kind: { kind: oneOf('scheduled', 'start', 'manual', 'backfill'), neighbours: ['type'] },
  from: { kind: instant(), neighbours: ['since', 'start'] },
  to: { kind: instant(), neighbours: ['until', 'end'] },
} satisfies TableOf<RunListFilter>);

const PREVIEW_TABLE = {
  ids: { kind: listOf(text(200), 10_000), neighbours: ['id', 'jobId'] },
  tag: { kind: text(64), neighbours: ['tags'] },
  store: { kind: text(64) },
} satisfies TableOf<PreviewFilter>;

export const PREVIEW_CALL = plain(PREVIEW_TABLE);

export const REPORT_CALL = plain({
  ...PREVIEW_TABLE,
  timezone: { kind: zone(), default: "the module's", neighbours: ['timeZone', 'tz', 'zone'] },
} satisfies TableOf<ReportFilter>);
