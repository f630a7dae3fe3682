import type { EventType, Instant, Millis, SchedulerFact } from '../core/index.js';
import type { EventBus } from './event-bus.js';
import { lineOf, stackOf } from './log-line.js';
import { startChangesLine } from './start-line.js';

/** `silent`: nothing. `failures`: failures and skips. `all`: starts, stops, pauses and successes as well. */
export type LogLevel = 'silent' | 'failures' | 'all';

/** Where lines go, such as Nest's logger. */
export interface LineWriter {
  log(line: string): void;
  warn(line: string): void;
  error(line: string, stack?: string): void;
  debug(line: string): void;
  /** false: nobody would see a debug line, so none is made. */
  isDebugEnabled?(): boolean;
}

type Severity = 'log' | 'warn' | 'error' | 'debug';

const FAILURES: Partial<Record<EventType, Severity>> = {
  'run.failed': 'error',
  'run.timedOut': 'error',
  'run.lost': 'error',
  'run.abandoned': 'error',
  'run.unsettled': 'error',
  'run.retrying': 'warn',
  'run.skipped': 'warn',
  'lease.lost': 'warn',
  'job.quarantined': 'error',
  'job.unresolved': 'error',
  'job.orphaned': 'warn',
  'store.failed': 'error',
  'store.recovered': 'log',
};

const ALL: Partial<Record<EventType, Severity>> = {
  ...FAILURES,
  'scheduler.started': 'log',
  'scheduler.paused': 'log',
  'scheduler.resumed': 'log',
  'scheduler.stopped': 'log',
  'job.added': 'debug',
  'job.changed': 'debug',
  'job.removed': 'debug',
  'job.paused': 'debug',
  'job.resumed': 'debug',
  'job.finished': 'debug',
  'run.succeeded': 'debug',
  'run.cancelled': 'debug',
};

const SEVERITIES: Readonly<Record<LogLevel, Partial<Record<EventType, Severity>>>> = {
  silent: {},
  failures: FAILURES,
  all: ALL,
};

/** Skips of one job are told once in this time. */
const SKIP_PAUSE: Millis = 60_000;

/** Jobs whose last told skip is remembered; beyond that the oldest is forgotten. */
const REMEMBERED_JOBS = 10_000;

interface ToldSkip {
  readonly at: Instant;
  untold: number;
}

/**
 * Turns facts into log lines, the only one that does: failures as errors, skips as warnings at most once a minute for
 * each job, successes for debugging. Each line names its job and run, has a bounded length and no arguments in it.
 *
 * @example new LogListener(new Logger('Scheduler'), 'all').listenTo(bus);
 */
export class LogListener {
  private readonly skips = new Map<string, ToldSkip>();

  constructor(
    private readonly writer: LineWriter,
    private readonly level: LogLevel,
  ) {}

  /** @returns what ends the listening */
  listenTo(bus: Pick<EventBus, 'on'>): () => void {
    const chosen = Object.entries(SEVERITIES[this.level]) as [EventType, Severity][];
    const stops = chosen.map(([type, severity]) => bus.on(type, (fact) => this.write(fact, severity)));
    return () => stops.forEach((stop) => stop());
  }

  private write(fact: SchedulerFact, severity: Severity): void {
    if (severity === 'debug' && this.writer.isDebugEnabled?.() === false) return;
    if (fact.type === 'run.skipped') {
      this.writeSkip(fact);
      return;
    }
    const line = lineOf(fact);
    if (severity !== 'error') this.writer[severity](line);
    else this.writeError(line, stackOf(fact));
    const changes = fact.type === 'scheduler.started' ? startChangesLine(fact) : null;
    if (changes !== null) this.writer.log(changes);
  }

  private writeError(line: string, stack: string | undefined): void {
    if (stack === undefined) this.writer.error(line);
    else this.writer.error(line, stack);
  }

  private writeSkip(fact: SchedulerFact): void {
    const key = `${fact.store ?? ''}\n${fact.job?.id ?? fact.run?.jobId ?? ''}`;
    const told = this.skips.get(key);
    // A clock that was set back must not silence a job for long.
    if (told !== undefined && Math.abs(fact.at - told.at) < SKIP_PAUSE) {
      told.untold++;
      return;
    }
    this.skips.delete(key);
    this.skips.set(key, { at: fact.at, untold: 0 });
    if (this.skips.size > REMEMBERED_JOBS) this.skips.delete(this.skips.keys().next().value!);
    const untold = told === undefined ? '' : untoldText(told.untold);
    this.writer.warn(lineOf(fact) + untold);
  }
}

function untoldText(untold: number): string {
  if (untold === 0) return '';
  return ` (and ${untold} more ${untold === 1 ? 'skip' : 'skips'} since the last line)`;
}
