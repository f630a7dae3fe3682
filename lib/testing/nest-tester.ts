import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Instant, Millis } from '../core/index.js';
import { REGISTRY_PARTS, SchedulerRegistry } from '../nest/index.js';
import type { Duration, InstantInput, RegistryParts, Run } from '../nest/index.js';
import { toInstant, toMillis } from '../triggers/index.js';
import { ManualClock } from './manual-clock.js';
import { NoRunError, TravelBackError } from './nest-errors.js';
import { RunExpectation } from './nest-expectations.js';
import { activity, Patience } from './nest-patience.js';
import { RunLog } from './nest-run-log.js';

const PAGE = 1_000;
/** Real time that an attempt is given although nothing seems to be at work. */
const GRACE: Millis = 50;
/** A day: the longest `shutdownTimeout`. */
const LONGEST_STOP = 86_400;

/**
 * Drives the jobs of an application in a test, with time under its control.
 *
 * How time and promises interleave: time goes from one instant at which something is due to the next. At each, timers
 * fire, handlers start, and time stands until every attempt has ended and its outcome is written. Work that waits for the
 * world outside (a database, a request) is waited for in real time, 5 s at most; work that waits for time to pass, or
 * for the test, is left open after 50 ms, and time goes on.
 *
 * @example
 * ```ts
 * const tester = app.get(SchedulerTester);
 * await tester.travel({ days: 365 });
 * tester.expectRan('billing').times(12);
 * ```
 */
@Injectable()
export class SchedulerTester implements OnModuleDestroy {
  private readonly awaited = new Map<string, number>();
  /** Runs whose attempts were waited for in vain. */
  private readonly leftOpen = new Set<string>();
  /** What was at work when no attempt was. */
  private quiet = activity();

  constructor(
    /** The time of the whole application: `advance`, `jump` (the process slept), `stepWall` (somebody set the clock). */
    @Inject(ManualClock) readonly clock: ManualClock,
    @Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry,
    @Inject(REGISTRY_PARTS) private readonly parts: RegistryParts,
    @Inject(RunLog) private readonly log: RunLog,
  ) {}

  /** Lets time pass, through everything that falls due: `'90m'`, `{ days: 365 }` or milliseconds. */
  async travel(duration: Duration): Promise<void> {
    await this.pass(toMillis(duration, 'The duration of travel()'));
  }

  /** Lets time pass up to an instant, and what is due then included. Text without offset is in the module's zone. */
  async travelTo(instant: InstantInput): Promise<void> {
    const to = toInstant(instant, this.parts.options.timezone, 'The instant of travelTo()');
    const now = this.clock.now();
    if (to < now) throw new TravelBackError(new Date(to), new Date(now));
    await this.pass(to - now);
  }

  /**
   * Runs a job now, whatever its trigger says, and answers the run as it ended; one that waits for a retry, for another
   * run, or for time to pass is answered as it is.
   *
   * @param args instead of the job's own
   * @throws {UnknownJobError} there is no such job
   */
  async runJob(id: string, args?: readonly unknown[]): Promise<Run> {
    const patience = this.patience();
    const entered = await this.registry.runNow(id, args === undefined ? {} : { args });
    await this.pass(0, patience);
    return (await this.registry.run(entered.id)) ?? this.log.of(id).findLast((run) => run.id === entered.id) ?? entered;
  }

  /**
   * Runs of a job that its store keeps, open and skipped ones too, oldest fire time first.
   *
   * @throws {UnknownJobError} there is no such job, and no run of one
   */
  async runsOf(id: string): Promise<Run[]> {
    await this.log.known.requireNow(id);
    const runs: Run[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await this.registry.history(id, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      runs.push(...page.runs);
      cursor = page.cursor;
    }
    return runs.reverse();
  }

  /**
   * The job's next run to end: the first one after the one that this method answered before. Time of the application
   * stands meanwhile.
   *
   * @param within how long to wait at most, in real time
   * @throws {NoRunError} none ended
   * @throws {UnknownJobError} there is no such job, and no run of one
   */
  async waitForRun(id: string, within: Duration = '2s'): Promise<Run> {
    const seen = this.awaited.get(id) ?? 0;
    await this.patience().until({
      isMet: () => this.log.of(id).length > seen,
      attempt: () => this.clock.advance(0),
      atLeast: toMillis(within, 'The limit of waitForRun()'),
      isWorthMore: () => true,
    });
    const run = this.log.of(id)[seen];
    if (run === undefined) throw new NoRunError(id, await this.runsOf(id));
    this.awaited.set(id, seen + 1);
    return run;
  }

  /**
   * The next fire times of a job, as far as its trigger and its pause tell: none while it is paused, finished or switched off.
   *
   * @throws {UnknownJobError} there is no such job, and no run of one
   */
  async nextFires(id: string, count: number): Promise<Date[]> {
    await this.log.known.requireNow(id);
    const found = await this.parts.scheduler.get(id);
    const { fireTime = null, pause = null } = found?.job ?? {};
    if (found === null || fireTime === null || pause !== null) return [];
    const trigger = this.parts.triggers.decode(found.job.trigger);
    return [fireTime, ...trigger.fireTimes(fireTime, count - 1)].slice(0, count).map((at: Instant) => new Date(at));
  }

  /**
   * Expects something of the runs that ended since the test began (or `forget`), skipped ones left out.
   *
   * @throws {UnknownJobError} there was no such job since the application started, and no run of one
   */
  expectRan(id: string): RunExpectation {
    this.log.known.require(id);
    const all = this.log.of(id);
    return new RunExpectation(
      id,
      all.filter((run) => run.outcome !== 'skipped'),
      all,
      'to have run',
    );
  }

  /**
   * Expects something of the runs that were skipped since the test began (or `forget`).
   *
   * @throws {UnknownJobError} there was no such job since the application started, and no run of one
   */
  expectSkipped(id: string): RunExpectation {
    this.log.known.require(id);
    const all = this.log.of(id);
    return new RunExpectation(
      id,
      all.filter((run) => run.outcome === 'skipped'),
      all,
      'to have been skipped',
    );
  }

  /** Forgets the runs so far: `expectRan`, `expectSkipped` and `waitForRun` start anew. Stores keep theirs. */
  forget(): void {
    this.log.clear();
    this.awaited.clear();
  }

  /**
   * The application is being closed: lets the time pass that a stop waits for, so that a handler that never ends is
   * aborted at the deadline and does not hold the test. Returns at once; ends with the scheduler.
   */
  onModuleDestroy(): void {
    void this.passUntilStopped();
  }

  private async passUntilStopped(): Promise<void> {
    const { scheduler } = this.parts;
    const patience = this.patience();
    const until = (isMet: () => boolean): Promise<boolean> =>
      patience.until({ isMet, attempt: () => this.clock.advance(0), atLeast: 0, isWorthMore: () => true });
    await until(() => scheduler.state === 'stopping' || scheduler.state === 'stopped');
    for (let seconds = 0; seconds < LONGEST_STOP && scheduler.state === 'stopping'; seconds++) {
      if (!(await until(() => scheduler.state === 'stopped'))) this.clock.advance({ seconds: 1 });
    }
  }

  /** An attempt that is at work already counts as nothing that was there before. */
  private patience(): Patience {
    if (this.parts.scheduler.isIdle()) this.quiet = activity();
    return new Patience(this.quiet);
  }

  private async pass(duration: Millis, patience = this.patience()): Promise<void> {
    await this.clock.advanceWith(duration, () => (this.parts.scheduler.isIdle() ? undefined : this.settle(patience)));
  }

  private async settle(patience: Patience): Promise<void> {
    const { scheduler } = this.parts;
    const isMet = (): boolean => scheduler.isIdle();
    const isWorthMore = (): boolean => {
      const open = scheduler.openAttempts();
      return open.length === 0 || open.some(({ runId }) => !this.leftOpen.has(runId));
    };
    const isRest = await patience.until({ isMet, attempt: () => this.clock.advance(0), atLeast: GRACE, isWorthMore });
    // Each is waited for once: it waits for time to pass, or for the test.
    if (!isRest) for (const { runId } of scheduler.openAttempts()) this.leftOpen.add(runId);
  }
}
