import type { Awaitable, JobPause } from '../../../../core/index.js';
import { DAMAGED_SHAPE, damagedDefinition, definitionIn, isDamaged } from '../../codec.js';
import { JOB_STATUSES, REMOVED_STATUS } from '../../codes.js';
import type { RecentMap } from '../../recent-map.js';
import { jobRecordOf } from '../../records.js';
import type { Definition, Shape, StoredJob } from '../../records.js';
import { after } from '../../steps.js';

/** Definitions kept decoded, of jobs that come up again; each about 1 kB. */
export const KEPT_DEFINITIONS = 20_000;

export interface KeptDefinition {
  readonly version: number;
  readonly definition: Definition;
}

/** What is read of a job with its definition; a dialect may read more behind it. */
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
  /** The last three are null where the definition was not asked for. */
  bodyVersion: number | null,
  id: string | null,
  body: string | null,
  ...more: unknown[],
];

/** What it takes of the scope of a transaction. */
export interface DecoderScope {
  readonly caches: { readonly definitions: RecentMap<number, KeptDefinition> };
  shapesOf(keys: readonly number[]): Awaitable<ReadonlyMap<number, Shape>>;
}

/** Makes records of rows; what seldom changes is decoded once a process. */
export abstract class JobDecoder<S extends DecoderScope = DecoderScope> {
  constructor(protected readonly scope: S) {}

  protected abstract readDefinitions(keys: readonly number[]): Promise<[key: number, id: string, body: string][]>;

  /** A text of a column as it was before it was made storable. */
  protected abstract textOf(stored: string): string;

  /** @param given definitions that were read beside the rows; null: of this one there is none */
  decode(rows: readonly JobColumns[], given?: readonly (Definition | null)[]): Awaitable<StoredJob[]> {
    if (rows.length === 0) return [];
    return after(this.scope.shapesOf(rows.map((row) => row[1])), (shapes) =>
      after(this.definitionsOf(rows, given), (definitions) =>
        rows.map((row, index) => this.jobOf(row, shapes.get(row[1]) ?? DAMAGED_SHAPE, definitions[index])),
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

  /** Of most jobs that have run before, the definition was forgotten, or never seen: there are too many of them. */
  knowsFew(rows: readonly JobColumns[]): boolean {
    let [old, unknown] = [0, 0];
    for (const row of rows) {
      if (row[7] === 0) continue;
      old++;
      if (this.scope.caches.definitions.get(row[0])?.version !== row[4]) unknown++;
    }
    return unknown * 2 > old;
  }

  private definitionsOf(
    rows: readonly JobColumns[],
    given: readonly (Definition | null)[] | undefined,
  ): Awaitable<Definition[]> {
    const found = rows.map((row, at) => given?.[at] ?? this.definitionOf(row));
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
    return row[14] === row[4] ? this.parsed(row[16]!, row[15]!) : null;
  }

  private async read(keys: readonly number[]): Promise<Map<number, Definition>> {
    const rows = await this.readDefinitions(keys);
    return new Map(rows.map(([key, id, body]) => [key, this.parsed(body, id)]));
  }

  private parsed(body: string, id: string): Definition {
    try {
      const definition = definitionIn(JSON.parse(body));
      if (definition !== null) return definition;
    } catch {
      // Shown as damaged below (P23).
    }
    return damagedDefinition(this.textOf(id));
  }

  private jobOf(row: JobColumns, shape: Shape, definition: Definition): StoredJob {
    // By index: taking an array apart goes through its iterator, which costs more than all the rest here.
    const progress = {
      generation: row[2],
      version: row[3],
      status: JOB_STATUSES[row[10]] ?? 'finished',
      statusReason: row[11] === null ? null : this.textOf(row[11]),
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
}

export function pauseOf(written: string | null): JobPause | null {
  return written === null ? null : (JSON.parse(written) as JobPause);
}
