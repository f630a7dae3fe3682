import type { JobPause } from '../../../../core/index.js';
import { DAMAGED_SHAPE, damagedDefinition, isDamaged } from '../../codec.js';
import { JOB_STATUSES, REMOVED_STATUS } from '../../codes.js';
import { RecentMap } from '../../recent-map.js';
import { jobRecordOf } from '../../records.js';
import type { Progress, StoredJob, WrittenDefinition } from '../../records.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** Definitions kept decoded, of jobs that come up again; each about 1 kB. */
const KEPT_DEFINITIONS = 10_000;

/** Columns of a job's hot row; those of its standing come last. */
export const JOB_COLUMNS = [
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

/** A job's row as `jobsAsJson` writes it. */
type JobColumns = readonly [
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
 * Rows of jobs as one JSON text. A value that the driver hands over by itself costs 0.1 µs, and a job has twenty: one
 * text for the batch, parsed at once, costs half of that.
 */
export function jobsAsJson(alias: string): string {
  const named = (column: string) => `${alias}.${column}`;
  const [status, reason, at, pause] = JOB_COLUMNS.slice(-STANDING).map(named);
  const isPlain = `${status} = 0 AND ${reason} IS NULL AND ${at} IS NULL AND ${pause} IS NULL`;
  const standing = `iif(${isPlain}, 0, json_array(${status}, ${reason}, ${at}, ${pause}))`;
  return `json_group_array(json_array(${JOB_COLUMNS.slice(0, -STANDING).map(named).join(', ')}, ${standing}))`;
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

  decode(text: string): StoredJob[] {
    const rows = JSON.parse(text) as JobColumns[];
    if (rows.length === 0) return [];
    const definitions = this.definitionsOf(rows);
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
      return kept?.version === row[4] ? kept.definition : null;
    });
    const missing = rows.filter((_, index) => known[index] === null).map((row) => row[0]);
    if (missing.length === 0) return known as WrittenDefinition[];
    const read = this.read(missing)[Symbol.iterator]();
    return known.map((definition) => definition ?? read.next().value!);
  }

  private read(keys: readonly number[]): WrittenDefinition[] {
    const [bodies] = this.statements.get('bodies').get(JSON.stringify(keys)) as [string | null];
    try {
      const parsed = JSON.parse(`[${bodies ?? ''}]`) as WrittenDefinition[];
      if (parsed.length === keys.length && parsed.every(isDefinition)) return parsed;
    } catch {
      // One damaged text spoils the batch: find it.
    }
    return keys.map((key) => this.readOne(key));
  }

  private readOne(key: number): WrittenDefinition {
    const row = this.statements.get('body').get(key) as [string, string] | undefined;
    try {
      const parsed = JSON.parse(row?.[0] ?? '') as WrittenDefinition;
      if (isDefinition(parsed)) return parsed;
    } catch {
      // Shown as damaged below.
    }
    return damagedDefinition(row?.[1] ?? `job-${key}`);
  }

  private job(row: JobColumns, definition: WrittenDefinition): StoredJob {
    const shape = this.scope.shape(row[1]);
    const standing = row[10] === 0 ? ACTIVE : row[10];
    // By index: taking an array apart goes through its iterator, which costs more than all the rest here.
    const progress: Progress = {
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
    return {
      key: row[0],
      shapeKey: row[1],
      definitionVersion: row[4],
      record: jobRecordOf(progress, shape, definition),
      isDamaged: shape === DAMAGED_SHAPE || isDamaged(definition),
      isRemoved: standing[0] === REMOVED_STATUS,
    };
  }
}

const ACTIVE = [0, null, null, null] as const;

export function pauseOf(text: string | null): JobPause | null {
  return text === null ? null : (JSON.parse(text) as JobPause);
}

function isDefinition(parsed: unknown): boolean {
  return (
    typeof (parsed as WrittenDefinition | null)?.id === 'string' &&
    typeof (parsed as WrittenDefinition).trigger === 'string'
  );
}
