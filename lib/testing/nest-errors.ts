import { SchedulerError } from '../core/index.js';
import type { Run } from '../nest/index.js';

/** What a test expected of a job's runs is not what became of them. */
export class RunExpectationError extends SchedulerError {
  readonly code = 'RUN_EXPECTATION';

  constructor(
    readonly jobId: string,
    expected: string,
    readonly runs: readonly Run[],
  ) {
    super(`Expected job "${jobId}" ${expected}. ${describe(runs)}`);
  }
}

/** A test waited for a run that did not end. */
export class NoRunError extends SchedulerError {
  readonly code = 'NO_RUN';

  constructor(
    readonly jobId: string,
    readonly runs: readonly Run[],
  ) {
    super(
      `No further run of job "${jobId}" has ended. ${describe(runs)} Time stands still while a test waits: ` +
        `let it pass with travel('1h'), or start a run with runJob('${jobId}').`,
    );
  }
}

/** Time in a test goes forward only. */
export class TravelBackError extends SchedulerError {
  readonly code = 'TRAVEL_BACK';

  constructor(
    readonly to: Date,
    readonly now: Date,
  ) {
    super(
      `travelTo cannot go back to ${to.toISOString()}: it is ${now.toISOString()}. To set the wall clock back, as somebody ` +
        `may do on a machine, call clock.stepWall(-ms).`,
    );
  }
}

const SHOWN = 10;

function describe(runs: readonly Run[]): string {
  if (runs.length === 0) return 'It has no runs.';
  const lines = runs.slice(-SHOWN).map((run) => {
    const why = run.reason === null ? '' : ` (${run.reason})`;
    return `  ${run.fireTime.toISOString()} ${run.state}${why}`;
  });
  const more = runs.length > SHOWN ? `, the last ${SHOWN}` : '';
  return `Its ${runs.length} runs${more}:\n${lines.join('\n')}\n`;
}
