import type { RunRecord } from '../../core/index.js';
import type { StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import type { Rows } from './rows.js';
import { idsOf } from './run-ids.js';
import { isSettledState } from './run-text.js';

/** Runs read at a time. */
const PAGE = 1_000;

/** Ids of all runs of a job that may still be there, the oldest first; those in its row come last. */
export async function runIdsOf(rows: Rows, job: StoredJob): Promise<string[]> {
  return [...(await pastIds(rows, job.record.id)), ...idsOf(job.recent)];
}

export async function pastIds(rows: Rows, jobId: string): Promise<string[]> {
  return await rows.link.command((client) => client.lrange(`${rows.link.base}:past:${lineOf(jobId)}`, 0, -1));
}

/** Runs by id, those that are there; a page at a time. */
export async function readRuns(rows: Rows, ids: readonly string[]): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  for (let from = 0; from < ids.length; from += PAGE) {
    for (const run of await rows.runs(ids.slice(from, from + PAGE))) if (run !== null) found.push(run);
  }
  return found;
}

export async function settledRunsOf(rows: Rows, job: StoredJob): Promise<RunRecord[]> {
  return (await readRuns(rows, await runIdsOf(rows, job))).filter((run) => isSettledState(run.state));
}

/** The run of a fire time in the job's generation; skipped and manual ones are none. */
export function runFor(job: StoredJob, runs: readonly RunRecord[], fireTime: number): RunRecord | null {
  const isIt = (run: RunRecord): boolean =>
    run.fireTime === fireTime &&
    run.kind !== 'manual' &&
    run.state !== 'skipped' &&
    run.jobGeneration === job.record.generation;
  return runs.find(isIt) ?? null;
}
