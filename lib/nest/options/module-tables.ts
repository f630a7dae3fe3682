import { SchedulerError } from '../../core/index.js';
import { CalendarRegistry } from '../../triggers/index.js';
import type { MailOptions } from '../../observe/index.js';
import type { CalendarDefinition } from '../../triggers/index.js';
import type { Kind, Problem, TableOf } from './kind.js';
import { conflict, isPlainObject, problem } from './kind.js';
import { either, flag, integer, listOf, oneOf, text, thing } from './kinds.js';
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
  RedisStoreOptions,
  SchedulerModuleOptions,
  TypeOrmStoreOptions,
} from './module-options.js';
import { address } from './output-tables.js';
import { group, mapOf } from './tables.js';
import type { GroupRules } from './tables.js';
import { triggerKinds } from './trigger-kinds.js';
import { duration, zone } from './units.js';
import { variants } from './variants.js';

const MEMORY_STORE_TABLE: TableOf<MemoryStoreOptions> = { type: { kind: oneOf('memory') } };

const isPostgresUrl = (value: unknown): boolean => typeof value === 'string' && /^postgres(ql)?:/.test(value);

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
  schema: { kind: text(63), default: "the data source's own", neighbours: ['schemaName', 'searchPath'] },
  listen: {
    kind: either(flag(), text(2_000), isPostgresUrl),
    default: 'true',
    neighbours: ['notify', 'pubsub', 'useListen', 'pgbouncer', 'listenUrl', 'directUrl'],
  },
  runMigrations: { kind: flag(), default: 'true', neighbours: ['migrationsRun', 'migrations', 'synchronize'] },
  busyTimeout: {
    kind: duration({ max: 600_000 }),
    default: "'10s'",
    neighbours: ['timeout', 'lockTimeout', 'busy_timeout'],
  },
};

const isClient = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'evalsha' in value && 'duplicate' in value;

const REDIS_STORE_TABLE: TableOf<RedisStoreOptions> = {
  type: { kind: oneOf('redis') },
  host: { kind: text(253), default: "'localhost'", neighbours: ['hostname', 'server'] },
  port: { kind: integer(1, 65_535), default: '6379' },
  username: { kind: text(200), neighbours: ['user'] },
  password: { kind: text(1_000), neighbours: ['pass', 'auth'] },
  db: { kind: integer(0, 16_383), default: '0', neighbours: ['database', 'index'] },
  tls: { kind: flag(), default: 'false', neighbours: ['ssl'] },
  url: { kind: text(2_000), neighbours: ['uri', 'connectionString'] },
  options: {
    kind: thing('RedisOptions', "ioredis's options of a connection", isPlainObject),
    neighbours: ['redisOptions', 'connection', 'config'],
  },
  client: {
    kind: thing('Redis | Cluster', 'a client of ioredis: new Redis(…) or new Cluster(…)', isClient),
    neighbours: ['redis', 'cluster', 'instance'],
  },
  keyPrefix: { kind: text(100), default: "'carillon:'", neighbours: ['prefix', 'namespace', 'tablePrefix'] },
  commandTimeout: { kind: duration({ min: 100, max: 60_000 }), default: '10 s', neighbours: ['timeout'] },
};

/** Tables of the built-in stores by `type`. */
export const STORE_TABLES = {
  memory: MEMORY_STORE_TABLE,
  typeorm: TYPEORM_STORE_TABLE,
  redis: REDIS_STORE_TABLE,
} as const;

const throughTypeOrm = (type: string): string =>
  `A database is reached through TypeORM: write { type: 'typeorm' }, or { type: 'typeorm', options: { type: '${type}', … } }.`;

const store = variants(STORE_TABLES, {
  what: 'store',
  isOwn: (value) => ['jobs', 'history', 'nodes'].every((part) => part in value),
  interfaceName: 'Store',
  foreign: {
    ioredis: "Write { type: 'redis' }.",
    valkey: "Write { type: 'redis' }: Valkey is reached the same way.",
    mongodb: "Not supported. Write { type: 'typeorm' } for a shared store.",
    ...Object.fromEntries(
      ['sqlite', 'better-sqlite3', 'postgres', 'postgresql', 'mysql', 'mariadb', 'sqlalchemy'].map((type) => [
        type,
        throughTypeOrm(type),
      ]),
    ),
  },
  together: { typeorm: dataSourceOrOptions, redis: oneWayToRedis },
});

function dataSourceOrOptions(options: Record<string, unknown>): readonly Problem[] {
  if (options['dataSource'] === undefined || options['options'] === undefined) return [];
  return conflict(
    'dataSource',
    options['dataSource'],
    'stands beside options, a data source of its own. Keep one of them.',
  );
}

const ADDRESS_PARTS = ['host', 'port', 'username', 'password', 'db', 'tls', 'options'] as const;

function oneWayToRedis(options: Record<string, unknown>): readonly Problem[] {
  const whole = (['client', 'url'] as const).filter((name) => options[name] !== undefined);
  const [first, second] = [...whole, ...ADDRESS_PARTS.filter((name) => options[name] !== undefined)];
  if (whole.length === 0 || second === undefined) return [];
  return problem(second, null, `stands beside ${first}, which is a whole connection. Keep one of them.`);
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

/** `mail` of the module. */
export const MAIL_TABLE: TableOf<MailOptions> = {
  transport: {
    kind: thing(
      'string | object',
      "a URL such as 'smtp://localhost:25', nodemailer's options, or a transport that it made",
      (value) => (typeof value === 'string' && value.trim() !== '') || (typeof value === 'object' && value !== null),
    ),
    neighbours: ['smtp', 'url', 'host', 'transporter'],
  },
  from: { kind: address, neighbours: ['sender', 'defaults'] },
};

function wholeMail(options: Record<string, unknown>): readonly Problem[] {
  const missing = (['transport', 'from'] as const).filter((name) => options[name] === undefined);
  return missing.flatMap((name) => problem(name, undefined, `is missing: mail needs a transport and a sender.`));
}

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
  mail: { kind: group(MAIL_TABLE, { together: wholeMail }), default: 'none', neighbours: ['mailer', 'smtp', 'email'] },
  console: { kind: listOf(text(1_000), 100), default: 'none', neighbours: ['cli', 'consoleCommand', 'artisan'] },
  outputRoot: { kind: text(1_000), default: 'the working directory', neighbours: ['output', 'logDir', 'outputDir'] },
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
  },
};
