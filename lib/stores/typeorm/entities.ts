import type { EntitySchema, EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';
import { JOB_STATUSES, REMOVED_STATUS, RUN_KINDS, RUN_STATES, SKIP_REASONS } from './codes.js';
import { DEFAULT_TABLE_PREFIX } from './typeorm-store-options.js';

/** The store's tables as TypeORM entities, for reading. Writing through them goes past every promise of the store. */
export interface CarillonEntities extends Iterable<EntitySchema> {
  readonly applications: EntitySchema;
  readonly nodes: EntitySchema;
  readonly shapes: EntitySchema;
  readonly definitions: EntitySchema;
  readonly jobs: EntitySchema;
  /** On PostgreSQL and MariaDB the settled ones; `openRuns` are the others. */
  readonly runs: EntitySchema;
  /** PostgreSQL and MariaDB only, a view: runs that wait or are held. */
  readonly openRuns: EntitySchema;
  readonly runTexts: EntitySchema;
}

/**
 * Entities of the store's tables for a DataSource of the application: words instead of codes, JSON parsed, instants as epoch
 * milliseconds. They take no part in `synchronize`: the tables are made by `carillonMigrations`.
 *
 * @param tablePrefix as given to the store
 * @example
 * const carillon = carillonEntities();
 * const dataSource = new DataSource({ …, entities: [User, ...carillon] });
 * await dataSource.getRepository(carillon.runs).findBy({ state: 'failed' });
 */
export function carillonEntities(tablePrefix: string = DEFAULT_TABLE_PREFIX): CarillonEntities {
  const entity = (table: string, columns: Record<string, Column>) => entityOf(tablePrefix + table, columns);
  const entities = {
    applications: entity('applications', { key: key('app_key'), name: text('name'), pause: json('pause') }),
    nodes: entity('nodes', NODES),
    shapes: entity('shapes', SHAPES),
    definitions: entity('definitions', DEFINITIONS),
    jobs: entity('jobs', JOBS),
    runs: entity('runs', RUNS),
    openRuns: entity('open_runs', OPEN_RUNS),
    runTexts: entity('run_texts', RUN_TEXTS),
  };
  return { ...entities, [Symbol.iterator]: () => Object.values(entities)[Symbol.iterator]() };
}

type Column = EntitySchemaColumnOptions;

/** Drivers of servers give integers of 64 bits as text. */
const asNumber: ValueTransformer = {
  from: (value: unknown) => (typeof value === 'string' ? Number(value) : value),
  to: (value: unknown) => value,
};

function key(name: string): Column {
  return { name, type: 'integer', primary: true, transformer: asNumber };
}

function integer(name: string): Column {
  return { name, type: 'integer', nullable: true, transformer: asNumber };
}

function text(name: string): Column {
  return { name, type: 'text', nullable: true };
}

function json(name: string): Column {
  return { name, type: 'simple-json', nullable: true };
}

function flag(name: string): Column {
  return { name, type: 'boolean' };
}

function word(name: string, words: readonly string[], others: Readonly<Record<number, string>> = {}): Column {
  const transformer: ValueTransformer = {
    from: (code: number | null) => (code === null ? null : (words[code] ?? others[code] ?? null)),
    // In conditions of a find.
    to: (value: unknown) => (typeof value === 'string' ? words.indexOf(value) : value),
  };
  return { name, type: 'integer', nullable: true, transformer };
}

/** SQLite keeps definitions without the names of their fields. */
const withNames: ValueTransformer = {
  from: (body: unknown) => (Array.isArray(body) ? definitionNamed(body) : body),
  to: (value: unknown) => value,
};

function definitionNamed(fields: readonly unknown[]): object {
  const [id, trigger, triggerFingerprint, restFingerprint, createdAt, args, name, description, tags] = fields;
  return { id, trigger, triggerFingerprint, restFingerprint, createdAt, args, name, description, tags };
}

const NODES = {
  key: key('node_key'),
  appKey: integer('app_key'),
  id: text('id'),
  isListed: flag('is_listed'),
  seenAt: integer('seen_at'),
  startedAt: integer('started_at'),
  host: text('host'),
  pid: integer('pid'),
  appVersion: text('app_version'),
  jobsDigest: text('jobs_digest'),
  jobIds: json('job_ids'),
  tasks: json('tasks'),
};

const SHAPES = {
  key: key('shape_key'),
  task: text('task'),
  executor: text('executor'),
  origin: text('origin'),
  runsInMaintenance: flag('runs_in_maintenance'),
  historyAge: integer('history_age'),
  historyCount: integer('history_count'),
  body: json('body'),
};

const DEFINITIONS = {
  jobKey: key('job_key'),
  appKey: integer('app_key'),
  id: text('id'),
  removed: integer('removed'),
  body: { ...json('body'), transformer: withNames },
};

const JOBS = {
  key: key('job_key'),
  appKey: integer('app_key'),
  shapeKey: integer('shape_key'),
  generation: integer('generation'),
  version: integer('version'),
  definitionVersion: integer('definition_version'),
  status: word('status', JOB_STATUSES, { [REMOVED_STATUS]: 'removed' }),
  statusReason: text('status_reason'),
  statusAt: integer('status_at'),
  pause: json('pause'),
  fireTime: integer('fire_time'),
  dueAt: integer('due_at'),
  wakeAt: integer('wake_at'),
  runCount: integer('run_count'),
  losses: integer('losses'),
  updatedAt: integer('updated_at'),
};

const RUNS = {
  key: key('run_key'),
  appKey: integer('app_key'),
  jobKey: integer('job_key'),
  shapeKey: integer('shape_key'),
  generation: integer('generation'),
  kind: word('kind', RUN_KINDS),
  state: word('state', RUN_STATES),
  fireTime: integer('fire_time'),
  /** Null: the same as `fireTime`. */
  firstFireTime: integer('first_fire_time'),
  count: integer('count'),
  isCountExact: flag('is_count_exact'),
  /** Null: the same as `fireTime`. */
  dueAt: integer('due_at'),
  attempt: integer('attempt'),
  token: integer('token'),
  nodeKey: integer('node_key'),
  /** Not on PostgreSQL, where settled runs have none: selected when asked for. */
  leaseUntil: { ...integer('lease_until'), select: false },
  isCancelRequested: flag('is_cancel_requested'),
  isForced: flag('is_forced'),
  createdAt: integer('created_at'),
  startedAt: integer('started_at'),
  settledAt: integer('settled_at'),
  reason: word('reason', SKIP_REASONS),
};

const { settledAt: _settledAt, reason: _reason, ...unsettled } = RUNS;

const OPEN_RUNS = { ...unsettled, leaseUntil: integer('lease_until') };

const RUN_TEXTS = {
  runKey: key('run_key'),
  args: json('args'),
  detail: text('detail'),
  error: json('error'),
  result: json('result'),
  output: text('output'),
};

/** What `new EntitySchema(options)` makes, without loading TypeORM: it knows its schemas by this mark. */
function entityOf(tableName: string, columns: Record<string, Column>): EntitySchema {
  return {
    '@instanceof': Symbol.for('EntitySchema'),
    options: { name: tableName, tableName, synchronize: false, columns },
  };
}
