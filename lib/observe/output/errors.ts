import { SchedulerError } from '../../core/index.js';

/** A file for output lies outside of the directory that configuration may write to. */
export class OutputPathError extends SchedulerError {
  readonly code = 'OUTPUT_PATH';

  constructor(
    readonly path: string,
    readonly root: string,
  ) {
    super(
      `The output file "${path}" lies outside of ${root}. Configuration may only name files there: choose a path ` +
        `inside, or set forRoot({ outputRoot }).`,
    );
  }
}

/** Mail could not be sent. */
export class MailError extends SchedulerError {
  readonly code = 'MAIL_FAILED';

  constructor(
    readonly recipients: readonly string[],
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`The output could not be mailed to ${recipients.join(', ')}: ${problem}. Check forRoot({ mail }).`, options);
  }
}
