import type { Awaitable, JobPause } from '../../../../core/index.js';
import { DAMAGED_SHAPE, damagedDefinition, definitionOf, isDamaged } from '../../codec.js';
import { JOB_STATUSES, REMOVED_STATUS } from '../../codes.js';
import { jobRecordOf } from '../../records.js';
import type { Definition, Shape, StoredJob } from '../../records.js';
import { after } from '../../steps.js';
import { inList } from './literals.js';
import type { Scope } from './scope.js';

/** Columns of a job (`j`) with its definition (`d`), in the order of `JobColumns`. */
export const JOB_COLUMNS = `j.job_key, j.shape_key, j.generation, j.version, j.definition_version, j.fire_time, j.due_at,
  j.run_count, j.losses, j.updated_at, j.status, j.status_reason, j.status_at, j.pause, d.version AS body_version, d.id,
  d.body, j.has_runs`;

export type JobColumns = readonly [
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
  status: number,
  statusReason: string | null,
  statusAt: number | null,
  pause: string | null,
  /** The next three are null where the definition was not asked for. */
  bodyVersion: number | null,
  id: string | null,
  body: string | null,
  hasRuns: number,
];

/** The place of `hasRuns`. */
export const HAS_RUNS = 17;

/** Makes records of rows; what seldom changes is decoded once a process. */
export class JobDecoder {
  constructor(private readonly scope: Scope) {}

  decode(rows: readonly JobColumns[]): Awaitable<StoredJob[]> {
    if (rows.length === 0) return [];
    return after(this.scope.shapesOf(rows.map((row) => row[1])), (shapes) =>
      after(this.definitionsOf(rows), (definitions) =>
        rows.map((row, index) => jobOf(row, shapes.get(row[1]) ?? DAMAGED_SHAPE, definitions[index])),
      ),
    );
  }

  /** Keeps the definition of a job that will come up again. */
  keep({ key, definitionVersion, record }: StoredJob): void {
    if (this.scope.caches.definitions.get(key)?.version === definitionVersion) return;
    const { id, name, description, tags, args, trigger, triggerFingerprint, restFingerprint, createdAt } = record;
    const definition = { id, name, description, tags, args, trigger, triggerFingerprint, restFingerprint, createdAt };
    this.scope.caches.definitions.set(key, { version: definitionVersion, definition });
  }

  private definitionsOf(rows: readonly JobColumns[]): Awaitable<Definition[]> {
    const found = rows.map((row) => this.definitionOf(row));
    const missing: number[] = [];
    for (let at = 0; at < rows.length; at++) if (found[at] === null) missing.push(rows[at][0]);
    if (missing.length === 0) return found as Definition[];
    return this.read(missing).then((read) =>
      found.map((definition, at) => definition ?? read.get(rows[at][0]) ?? damagedDefinition(`job-${rows[at][0]}`)),
    );
  }

  /** A body of another version than the job's row was read before somebody changed both. */
  private definitionOf(row: JobColumns): Definition | null {
    const kept = this.scope.caches.definitions.get(row[0]);
    if (kept !== undefined && kept.version === row[4]) return kept.definition;
    return row[14] === row[4] ? parsed(row[16]!, row[15]!) : null;
  }

  private async read(keys: readonly number[]): Promise<Map<number, Definition>> {
    const { tables } = this.scope.place;
    const find = `SELECT job_key, id, body FROM ${tables}definitions WHERE job_key IN (${inList(keys)})`;
    const { rows } = await this.scope.statements.query(find);
    return new Map((rows as [number, string, string][]).map(([key, id, body]) => [key, parsed(body, id)]));
  }
}

function parsed(body: string, id: string): Definition {
  try {
    const definition = JSON.parse(body) as Definition | null;
    if (typeof definition?.id === 'string' && typeof definition.trigger === 'string') return definitionOf(definition);
  } catch {
    // Shown as damaged below (P23).
  }
  return damagedDefinition(id);
}

function jobOf(row: JobColumns, shape: Shape, definition: Definition): StoredJob {
  // By index: taking an array apart goes through its iterator, which costs more than all the rest here.
  const progress = {
    generation: row[2],
    version: row[3],
    status: JOB_STATUSES[row[10]] ?? 'finished',
    statusReason: row[11],
    statusAt: row[12],
    pause: pauseOf(row[13]),
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
    isRemoved: row[10] === REMOVED_STATUS,
  };
}

export function pauseOf(written: string | null): JobPause | null {
  return written === null ? null : (JSON.parse(written) as JobPause);
}
