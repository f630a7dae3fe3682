import type { Outcome, SkipReason } from '../core/index.js';
import type { InstantInput, Run } from '../nest/index.js';
import { toInstant } from '../triggers/index.js';
import { RunExpectationError } from './nest-errors.js';

/**
 * What a test expects of the runs that a job has made, or of those that were skipped. Every check throws a
 * `RunExpectationError` with the runs in its message, and answers the expectation, so that checks can be chained.
 *
 * @example tester.expectRan('report').times(3).withOutcome('succeeded')
 */
export class RunExpectation {
  constructor(
    private readonly jobId: string,
    /** Those that are meant. */
    private readonly runs: readonly Run[],
    private readonly all: readonly Run[],
    private readonly verb: string,
  ) {}

  times(count: number): this {
    return this.check(
      this.runs.length === count,
      `${this.verb} ${timesText(count)}, not ${timesText(this.runs.length)}`,
    );
  }

  once(): this {
    return this.times(1);
  }

  never(): this {
    return this.times(0);
  }

  /** At these fire times, in order, and no others. Text without offset is UTC. */
  at(...instants: readonly InstantInput[]): this {
    const expected = instants.map((instant) => new Date(toInstant(instant, 'UTC')).toISOString());
    const found = this.runs.map((run) => run.fireTime.toISOString());
    return this.check(
      expected.length === found.length && expected.every((text, index) => text === found[index]),
      `${this.verb} at ${expected.join(', ') || 'no time'}, not at ${found.join(', ') || 'any'}`,
    );
  }

  /** All of them, and at least one. */
  withOutcome(outcome: Outcome): this {
    const isMet = this.runs.length > 0 && this.runs.every((run) => run.outcome === outcome);
    return this.check(isMet, `${this.verb} with the outcome ${outcome} each time`);
  }

  /** All of them, and at least one. */
  because(reason: SkipReason): this {
    const isMet = this.runs.length > 0 && this.runs.every((run) => run.reason === reason);
    return this.check(isMet, `${this.verb} because of ${reason} each time`);
  }

  private check(isMet: boolean, expected: string): this {
    if (!isMet) throw new RunExpectationError(this.jobId, expected, this.all);
    return this;
  }
}

function timesText(count: number): string {
  return count === 0 ? 'never' : count === 1 ? 'once' : `${count} times`;
}
