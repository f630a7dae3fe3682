import type { JobPause } from '../../../../core/index.js';
import { DAMAGED_SHAPE, damagedDefinition, isDamaged } from '../../codec.js';
import { JOB_STATUSES, REMOVED_STATUS } from '../../codes.js';
import { RecentMap } from '../../recent-map.js';
import { jobRecordOf } from '../../records.js';
import type { Progress, StoredJob, WrittenDefinition } from '../../records.js';
import { definitionIn } from './definition-text.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** Definitions kept decoded, of jobs that come up again; each about 1 kB. */
const KEPT_DEFINITIONS = 10_000;

/** Columns of a job's hot row; those of its standing come last. */
const JOB_COLUMNS = [
  'job_key',
  'shape_key',
  'generation',
  'version',
  'definition_version',
  'fire_time',
  'due_at',
  'run_count',
  'losses',
  'updated_at',
  'status',
  'status_reason',
  'status_at',
  'pause',
] as const;

const STANDING = 4;

const FRESH_COLUMNS = ['job_key', 'shape_key', 'generation', 'version', 'fire_time', 'updated_at'] as const;

/** A job that was added and nothing else, active and due at its fire time. */
type FreshColumns = readonly [
  key: number,
  shapeKey: number,
  generation: number,
  version: number,
  fireTime: number,
  updatedAt: number,
];

const FRESH = 6;

/** A job's row as `jobAsJson` writes it. */
type JobColumns = FreshColumns | FullColumns;

type FullColumns = readonly [
  key: number,
  shapeKey: number,
  generation: number,
  version: number,
  definitionVersion: number,
  fireTime: number | null,
  dueAt: number | null,
  runCount: number,
  losses: number,
  updatedAt: number,
  /** 0: active, not paused, and nothing to say about it. */
  standing: 0 | readonly [status: number, reason: string | null, at: number | null, pause: string | null],
];

interface KeptDefinition {
  readonly version: number;
  readonly definition: WrittenDefinition;
}

/**
 * Texts of `jobAsJson` as one. A value that the driver hands over by itself costs 0.1 µs, and a job has twenty: one text for the
 * batch, parsed at once, costs half of that.
 */
export function asOneText(text: string): string {
  return `'[' || coalesce(group_concat(${text}), '') || ']'`;
}

/** A job's row as JSON. Where rows are put in order first, it is made there: columns that are handed on one by one are copied once more. */
export function jobAsJson(alias: string): string {
  const named = (column: string) => `${alias}.${column}`;
  const [status, reason, at, pause] = JOB_COLUMNS.slice(-STANDING).map(named);
  const isPlain = `${status} = 0 AND ${reason} IS NULL AND ${at} IS NULL AND ${pause} IS NULL`;
  const standing = `iif(${isPlain}, 0, json_array(${status}, ${reason}, ${at}, ${pause}))`;
  const full = `json_array(${JOB_COLUMNS.slice(0, -STANDING).map(named).join(', ')}, ${standing})`;
  // Of those that have not run, most have half of their columns by rule: each costs as much to write and to read as another.
  const isFresh = `${alias}.run_count = 0 AND ${alias}.losses = 0 AND ${alias}.definition_version = ${alias}.version
    AND ${alias}.due_at = ${alias}.fire_time AND ${isPlain}`;
  return `iif(${isFresh}, json_array(${FRESH_COLUMNS.map(named).join(', ')}), ${full})`;
}

/** Makes records of rows; what seldom changes is decoded once. */
export class JobDecoder {
  private readonly statements: Statements<'bodies' | 'body'>;
  private readonly kept = new RecentMap<number, KeptDefinition>(KEPT_DEFINITIONS);

  constructor(private readonly scope: Scope) {
    const definitions = `${scope.place.prefix}definitions`;
    this.statements = new Statements(scope.handle, {
      bodies: `SELECT group_concat(d.body) FROM json_each(?) e CROSS JOIN ${definitions} d ON d.job_key = e.value`,
      body: `SELECT body, id FROM ${definitions} WHERE job_key = ?`,
    });
  }

  /** After a rollback: versions that were given in it may be given again. */
  forget(): void {
    this.kept.clear();
  }

  /** `bodies`: definitions of those that have no run yet, in their order, where they were asked for at once. */
  decode(text: string, bodies: string | null = null): StoredJob[] {
    const rows = JSON.parse(text) as JobColumns[];
    if (rows.length === 0) return [];
    const definitions = (bodies === null ? null : this.freshIn(rows, bodies)) ?? this.definitionsOf(rows);
    return rows.map((row, index) => this.job(row, definitions[index]));
  }

  /** Keeps the definition of a job that will come up again. */
  keep(job: StoredJob): void {
    const { key, definitionVersion, record } = job;
    if (this.kept.get(key)?.version === definitionVersion) return;
    const { id, name, description, tags, args, trigger, triggerFingerprint, restFingerprint, createdAt } = record;
    const definition = { id, name, description, tags, args, trigger, triggerFingerprint, restFingerprint, createdAt };
    this.kept.set(key, { version: definitionVersion, definition });
  }

  private definitionsOf(rows: readonly JobColumns[]): WrittenDefinition[] {
    if (this.kept.isEmpty) return this.read(rows.map((row) => row[0]));
    const known = rows.map((row) => {
      const kept = this.kept.get(row[0]);
      return kept?.version === definitionVersionOf(row) ? kept.definition : null;
    });
    const missing = rows.filter((_, index) => known[index] === null).map((row) => row[0]);
    if (missing.length === 0) return known as WrittenDefinition[];
    const read = this.read(missing)[Symbol.iterator]();
    return known.map((definition) => definition ?? read.next().value!);
  }

  /** null: one of them is missing or damaged. */
  private freshIn(rows: readonly JobColumns[], bodies: string): WrittenDefinition[] | null {
    const fresh = rows.filter(isFresh);
    const read = definitionsIn(bodies, fresh.length);
    if (read === null || fresh.length === rows.length) return read;
    const others = this.definitionsOf(rows.filter((row) => !isFresh(row)));
    let [nextFresh, nextOther] = [0, 0];
    return rows.map((row) => (isFresh(row) ? read[nextFresh++] : others[nextOther++]));
  }

  private read(keys: readonly number[]): WrittenDefinition[] {
    const [bodies] = this.statements.get('bodies').get(JSON.stringify(keys)) as [string | null];
    // One damaged text spoils the batch: find it.
    return definitionsIn(bodies ?? '', keys.length) ?? keys.map((key) => this.readOne(key));
  }

  private readOne(key: number): WrittenDefinition {
    const row = this.statements.get('body').get(key) as [string, string] | undefined;
    const [definition] = definitionsIn(row?.[0] ?? '', 1) ?? [damagedDefinition(row?.[1] ?? `job-${key}`)];
    return definition;
  }

  private job(row: JobColumns, definition: WrittenDefinition): StoredJob {
    const shape = this.scope.shape(row[1]);
    const progress = row.length === FRESH ? freshProgress(row) : progressOf(row);
    return {
      key: row[0],
      shapeKey: row[1],
      definitionVersion: definitionVersionOf(row),
      record: jobRecordOf(progress, shape, definition),
      isDamaged: shape === DAMAGED_SHAPE || isDamaged(definition),
      isRemoved: row.length !== FRESH && row[10] !== 0 && row[10][0] === REMOVED_STATUS,
    };
  }
}

// By index, both: taking an array apart goes through its iterator, which costs more than all the rest here.
function freshProgress(row: FreshColumns): Progress {
  return {
    generation: row[2],
    version: row[3],
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    fireTime: row[4],
    dueAt: row[4],
    runCount: 0,
    losses: 0,
    updatedAt: row[5],
  };
}

function progressOf(row: FullColumns): Progress {
  const standing = row[10] === 0 ? ACTIVE : row[10];
  return {
    generation: row[2],
    version: row[3],
    status: JOB_STATUSES[standing[0]] ?? 'finished',
    statusReason: standing[1],
    statusAt: standing[2],
    pause: pauseOf(standing[3]),
    fireTime: row[5],
    dueAt: row[6],
    runCount: row[7],
    losses: row[8],
    updatedAt: row[9],
  };
}

const ACTIVE = [0, null, null, null] as const;

export function pauseOf(text: string | null): JobPause | null {
  return text === null ? null : (JSON.parse(text) as JobPause);
}

function isFresh(row: JobColumns): boolean {
  return row.length === FRESH || row[7] === 0;
}

function definitionVersionOf(row: JobColumns): number {
  return row.length === FRESH ? row[3] : row[4];
}

/** Texts of definitions, one behind the other; null: they are not as many, or one of them is none. */
function definitionsIn(bodies: string, count: number): WrittenDefinition[] | null {
  try {
    const parsed = JSON.parse(`[${bodies}]`) as unknown[];
    if (parsed.length !== count) return null;
    const definitions = parsed.map(definitionIn);
    return definitions.includes(null) ? null : (definitions as WrittenDefinition[]);
  } catch {
    return null;
  }
}
