import { SchedulerError } from '../../core/index.js';
import { CalendarRegistry } from '../../triggers/index.js';
import type { CalendarDefinition } from '../../triggers/index.js';
import type { Kind, Problem, TableOf } from './kind.js';
import { conflict, isPlainObject, problem } from './kind.js';
import { either, flag, integer, oneOf, text, thing } from './kinds.js';
import {
  FOREIGN_JOB_OPTIONS,
  HISTORY_TABLE,
  INTERVAL_TABLE,
  jobContradictions,
  OWN_JOB_TABLE,
  POLICY_TABLE,
} from './job-tables.js';
import type {
  AsyncExecutorOptions,
  ConfiguredJob,
  EnhancerOptions,
  MemoryStoreOptions,
  SchedulerModuleOptions,
  TypeOrmStoreOptions,
} from './module-options.js';
import { group, mapOf } from './tables.js';
import type { GroupRules } from './tables.js';
import { triggerKinds } from './trigger-kinds.js';
import { duration, zone } from './units.js';
import { variants } from './variants.js';

const MEMORY_STORE_TABLE: TableOf<MemoryStoreOptions> = { type: { kind: oneOf('memory') } };

const TYPEORM_STORE_TABLE: TableOf<TypeOrmStoreOptions> = {
  type: { kind: oneOf('typeorm') },
  dataSource: {
    kind: text(200),
    default: "the application's default one",
    neighbours: ['dataSourceName', 'connection', 'connectionName', 'datasource'],
  },
  options: {
    kind: thing('DataSourceOptions', "TypeORM's options of a data source", isPlainObject),
    neighbours: ['dataSourceOptions', 'config'],
  },
  tablePrefix: { kind: text(40), default: "'carillon_'", neighbours: ['prefix', 'table_prefix', 'entityPrefix'] },
};

/** Tables of the built-in stores by `type`. */
export const STORE_TABLES = { memory: MEMORY_STORE_TABLE, typeorm: TYPEORM_STORE_TABLE } as const;

const throughTypeOrm = (type: string): string =>
  `A database is reached through TypeORM: write { type: 'typeorm' }, or { type: 'typeorm', options: { type: '${type}', … } }.`;

const store = variants(STORE_TABLES, {
  what: 'store',
  isOwn: (value) => ['jobs', 'history', 'nodes'].every((part) => part in value),
  interfaceName: 'Store',
  foreign: {
    redis: "Not in this version. Write { type: 'typeorm' } for a shared store.",
    mongodb: "Not supported. Write { type: 'typeorm' } for a shared store.",
    ...Object.fromEntries(
      ['sqlite', 'better-sqlite3', 'postgres', 'postgresql', 'mysql', 'mariadb', 'sqlalchemy'].map((type) => [
        type,
        throughTypeOrm(type),
      ]),
    ),
  },
  together: { typeorm: dataSourceOrOptions },
});

function dataSourceOrOptions(options: Record<string, unknown>): readonly Problem[] {
  if (options['dataSource'] === undefined || options['options'] === undefined) return [];
  return conflict(
    'dataSource',
    options['dataSource'],
    'stands beside options, a data source of its own. Keep one of them.',
  );
}

const ASYNC_EXECUTOR_TABLE: TableOf<AsyncExecutorOptions> = {
  type: { kind: oneOf('async') },
  concurrency: {
    kind: integer(1, 100_000),
    default: '100',
    neighbours: ['maxWorkers', 'max_workers', 'workers', 'slots', 'limit'],
  },
};

/** Tables of the built-in executors by `type`. */
export const EXECUTOR_TABLES = { async: ASYNC_EXECUTOR_TABLE } as const;

const IN_PROCESS = "Write { type: 'async', concurrency: 20 }.";

const executor = variants(EXECUTOR_TABLES, {
  what: 'executor',
  isOwn: (value) => typeof (value as { execute?: unknown }).execute === 'function',
  interfaceName: 'Executor',
  foreign: {
    asyncio: "It is called 'async' here.",
    threads: `Not in this version. ${IN_PROCESS}`,
    threadpool: `Not in this version. ${IN_PROCESS}`,
    processpool: `Not in this version. ${IN_PROCESS}`,
    bullmq: `Not in this version. ${IN_PROCESS}`,
  },
});

const { id: _id, ...CONFIGURED_OWN } = OWN_JOB_TABLE;

export const CONFIGURED_TABLE: TableOf<ConfiguredJob> = {
  task: { kind: text(300), neighbours: ['func', 'handler', 'method', 'job', 'run'] },
  ...triggerKinds(),
  ...INTERVAL_TABLE,
  ...POLICY_TABLE,
  ...CONFIGURED_OWN,
};

const { initialDelay: _initial, fixedDelay: _fixed, ...FOREIGN_CONFIGURED } = FOREIGN_JOB_OPTIONS;
const CONFIGURED_RULES: GroupRules = {
  foreign: { ...FOREIGN_CONFIGURED, id: 'The id is the name of the entry.' },
  together: (options) => [...jobContradictions(options), ...oneTrigger(options)],
};

const TRIGGER_OPTIONS = ['cron', 'every', 'at', 'trigger'] as const;

/** At most one of cron, every, at and trigger; an interval's own options only beside `every`. */
export function oneTrigger(options: Record<string, unknown>): readonly Problem[] {
  const given = TRIGGER_OPTIONS.filter((name) => options[name] !== undefined);
  const [first, second] = given;
  if (first !== undefined && second !== undefined) {
    return conflict(second, options[second], `stands beside ${first}. Keep one of them, or combine them with anyOf().`);
  }
  const misplaced = (['fixedDelay', 'initialDelay'] as const).find((name) => options[name] !== undefined);
  if (misplaced === undefined || first === undefined || first === 'every') return [];
  return conflict(misplaced, options[misplaced], `belongs to an interval, but the trigger is ${first}. Leave it out.`);
}

const configuredJob: Kind = {
  ...either(group(CONFIGURED_TABLE, CONFIGURED_RULES), text(300), (value) => typeof value === 'string'),
  type: 'string | object',
  inner: CONFIGURED_TABLE,
};

export const ENHANCER_TABLE: TableOf<EnhancerOptions> = { global: { kind: flag(), default: 'false' } };

const calendar: Kind = {
  type: 'CalendarDefinition',
  check(value, option) {
    try {
      new CalendarRegistry({ [option.slice(option.indexOf('.') + 1)]: value as CalendarDefinition });
      return [];
    } catch (error) {
      if (!(error instanceof SchedulerError)) throw error;
      return problem(option, value, `is refused: ${error.message}`);
    }
  },
};

const alias = text(64);

/** The options of `SchedulerModule.forRoot`. */
export const MODULE_TABLE: TableOf<SchedulerModuleOptions> = {
  enabled: { kind: flag(), default: 'true', neighbours: ['is_enabled', 'isEnabled', 'active'] },
  application: { kind: text(100), default: 'name in package.json', neighbours: ['app', 'appName', 'applicationName'] },
  version: { kind: text(100), default: 'version in package.json', neighbours: ['appVersion', 'release'] },
  role: { kind: oneOf('all', 'scheduler', 'worker', 'client'), default: "'all'", neighbours: ['mode'] },
  timezone: { kind: zone(), default: "'UTC'", neighbours: ['timeZone', 'tz', 'zone', 'time_zone'] },
  environment: { kind: text(64), default: 'NODE_ENV, else development', neighbours: ['env', 'environments'] },
  jobDefaults: {
    kind: group(POLICY_TABLE, { together: jobContradictions, foreign: FOREIGN_JOB_OPTIONS }),
    default: '{}',
    neighbours: ['job_defaults', 'defaults', 'defaultJobOptions', 'jobOptions'],
  },
  stores: {
    kind: mapOf(store, alias),
    default: '{ default: { type: memory } }',
    neighbours: ['jobstores', 'jobStores', 'store', 'scheduler_configurations'],
  },
  executors: {
    kind: mapOf(executor, alias),
    default: 'default and background, async',
    neighbours: ['executor', 'workers'],
  },
  jobs: {
    kind: mapOf(configuredJob, text(200)),
    default: '{}',
    neighbours: ['scheduler_tasks', 'schedulerTasks', 'tasks'],
  },
  calendars: { kind: mapOf(calendar, alias), default: '{}', neighbours: ['calendar', 'holidays'] },
  history: { kind: group(HISTORY_TABLE), default: '30 days, 1,000 a job', neighbours: ['retention', 'keep'] },
  lease: {
    kind: duration({ min: 1_000, max: 600_000 }),
    default: '10 s',
    neighbours: ['leaseTime', 'lockTtl', 'lockTimeout', 'ttl'],
  },
  shutdownTimeout: {
    kind: duration({ min: 0, max: 86_400_000, refusesSmallNumbers: true }),
    default: '25 s',
    neighbours: ['shutdown_timeout', 'gracefulShutdownTimeout', 'drainTimeout'],
  },
  enhancers: { kind: group(ENHANCER_TABLE), default: 'local ones only', neighbours: ['enhancer', 'globalEnhancers'] },
  log: {
    kind: oneOf('silent', 'failures', 'all'),
    default: "'all'",
    neighbours: ['logger', 'logging', 'logLevel', 'verbose'],
  },
};

export const MODULE_RULES: GroupRules = {
  foreign: {
    cronJobs: 'Write enabled: false to switch all jobs off.',
    intervals: 'Write enabled: false to switch all jobs off.',
    timeouts: 'Write enabled: false to switch all jobs off.',
    coalesce: 'Write it in jobDefaults.',
    maxInstances: 'Write jobDefaults: { maxInstances }.',
    max_instances: 'Write jobDefaults: { maxInstances }.',
    misfireGraceTime: 'Write it in jobDefaults.',
    misfire_grace_time: 'Write jobDefaults: { misfireGraceTime }.',
    retry: 'Write it in jobDefaults.',
    connection: "Write stores: { default: { type: 'typeorm' } }.",
    global: 'The module is global already.',
    isGlobal: 'The module is global already.',
    mail: 'Not in this version: send mail from a listener, @OnSchedulerEvent, or a hook.',
    console: 'Not in this version: a task is a method or a function.',
    outputRoot: 'Not in this version: the output of runs stands in their history.',
  },
};
