import { JobDecoder } from '../server/job-decoder.js';
import { numbers, readable } from './arrays.js';
import type { Scope } from './scope.js';

/** Columns of a job (`j`) with its definition (`d`), in the order of `JobColumns`. */
export const JOB_COLUMNS = `j.job_key, j.shape_key, j.generation, j.version, j.definition_version, j.fire_time, j.due_at,
  j.run_count, j.losses, j.updated_at, j.status, j.status_reason, j.status_at, j.pause, d.version, d.id, d.body`;

export class PostgresJobDecoder extends JobDecoder<Scope> {
  protected async readDefinitions(keys: readonly number[]): Promise<[number, string, string][]> {
    const text = `SELECT job_key, id, body FROM ${this.scope.place.tables}definitions WHERE job_key = ANY ($1::bigint[])`;
    const { rows } = await this.scope.statements.query(text, [numbers(keys)]);
    return rows as [number, string, string][];
  }

  protected textOf(stored: string): string {
    return readable(stored);
  }
}
