import { Logger } from '@nestjs/common';
import { isError, JobContext } from '../../core/index.js';
import { isSchedulerLogger } from '../wiring/nest-log.js';

type LogMethod = (this: Logger, message: unknown, ...rest: unknown[]) => void;

const MARKS = {
  log: '',
  warn: 'WARN ',
  error: 'ERROR ',
  fatal: 'FATAL ',
  debug: 'DEBUG ',
  verbose: 'VERBOSE ',
} as const;

/** Applications of this process whose runs keep their lines. */
let users = 0;
let restore: (() => void) | null = null;

/**
 * Lines that code inside a run writes by Nest's `Logger` become part of that run's output, as those of `job.logger` do.
 * They are logged as before. The logger's methods are wrapped while any application runs, and put back after the last.
 *
 * @returns what ends it
 */
export function captureNestLog(): () => void {
  if (users++ === 0) restore = wrap();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--users > 0) return;
    restore?.();
    restore = null;
  };
}

function wrap(): () => void {
  const methods = Logger.prototype as unknown as Record<string, LogMethod>;
  const undo = Object.entries(MARKS).map(([name, mark]) => {
    const original = methods[name];
    const wrapped: LogMethod = function (message, ...rest) {
      keep(this, mark, message);
      original.call(this, message, ...rest);
    };
    methods[name] = wrapped;
    // Somebody else may have wrapped ours meanwhile: then it stays, and says nothing outside of runs.
    return () => {
      if (methods[name] === wrapped) methods[name] = original;
    };
  });
  return () => undo.forEach((it) => it());
}

function keep(logger: Logger, mark: string, message: unknown): void {
  if (isSchedulerLogger(logger)) return;
  const job = JobContext.current();
  if (job !== undefined) void job.print(mark + textOf(message));
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (isError(message)) return message.stack ?? message.message;
  try {
    return JSON.stringify(message) ?? String(message);
  } catch {
    return String(message);
  }
}
