import { JobDecoder } from '../server/job-decoder.js';
import { inList } from './literals.js';
import type { Scope } from './scope.js';

/** Columns of a job (`j`) with its definition (`d`), in the order of `JobColumns`, with `has_runs` behind them. */
export const JOB_COLUMNS = `j.job_key, j.shape_key, j.generation, j.version, j.definition_version, j.fire_time, j.due_at,
  j.run_count, j.losses, j.updated_at, j.status, j.status_reason, j.status_at, j.pause, d.version AS body_version, d.id,
  d.body, j.has_runs`;

/** The place of `hasRuns`. */
export const HAS_RUNS = 17;

export class MySqlJobDecoder extends JobDecoder<Scope> {
  protected async readDefinitions(keys: readonly number[]): Promise<[number, string, string][]> {
    const { tables } = this.scope.place;
    const find = `SELECT job_key, id, body FROM ${tables}definitions WHERE job_key IN (${inList(keys)})`;
    const { rows } = await this.scope.statements.query(find);
    return rows as [number, string, string][];
  }

  protected textOf(stored: string): string {
    return stored;
  }
}
