import { Logger } from '@nestjs/common';
import { isError } from '../../core/index.js';
import { show } from '../options/index.js';
import type { JobContext, JobLogger } from '../../core/index.js';
import type { LineWriter } from '../../observe/index.js';

const logger = new Logger('Scheduler');

/** Its lines about a run stand in the run's output already, or are none of the run's. */
export function isSchedulerLogger(other: Logger): boolean {
  return other === logger;
}

/** Lines of the scheduler itself, through the application's logger. */
export const schedulerLog: LineWriter = {
  log: (line: string) => logger.log(line),
  warn: (line: string) => logger.warn(line),
  error: (line: string, stack?: string) => (stack === undefined ? logger.error(line) : logger.error(line, stack)),
  debug: (line: string) => logger.debug(line),
  isDebugEnabled: () => Logger.isLevelEnabled('debug'),
};

/** The logger of a run: each line names its job and run. */
export function runLogger(job: JobContext): JobLogger {
  const mark = (message: string) => `Job "${job.jobId}", run ${job.runId}: ${message}`;
  return {
    log: (message) => logger.log(mark(message)),
    warn: (message) => logger.warn(mark(message)),
    error: (message, error) => schedulerLog.error(mark(message), textOf(error)),
    debug: (message) => logger.debug(mark(message)),
  };
}

/** Stack of what was thrown, or what can be said of it; undefined: nothing was. */
export function textOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return isError(error) ? (error.stack ?? error.message) : show(error);
}
