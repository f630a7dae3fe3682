import type { HookOutcome, JobContext } from '../../core/index.js';
import type { Mail } from './mailer.js';

const ENDINGS: Readonly<Record<string, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  timedOut: 'took too long',
  cancelled: 'was cancelled',
  lost: 'was lost',
};

/** The mail about one run. */
export function mailOf(job: JobContext, outcome: HookOutcome, to: readonly string[]): Mail {
  const how = ENDINGS[outcome.outcome] ?? outcome.outcome;
  const head = [
    `Job: ${job.jobName}`,
    `Run: ${job.runId}, attempt ${job.attempt}`,
    `Fire time: ${job.fireTime.toISOString()}`,
    `Outcome: ${outcome.outcome}`,
    ...(outcome.error === null ? [] : [`Error: ${outcome.error.message}`]),
  ];
  const output = outcome.output ?? '(no output)';
  return { to, subject: `${job.jobName}: ${how}`, text: `${head.join('\n')}\n\n${output}\n` };
}
