import { isError, messageWithCauses } from '../core/index.js';
import type { Instant, Millis, RunRecord, SchedulerFact } from '../core/index.js';
import { cut, instant, oneLine, quoted } from './shown.js';

const STACK_LIMIT = 8_000;

/** One line for a fact: what happened, to which job and run. */
export function lineOf(fact: SchedulerFact): string {
  const { run } = fact;
  if (fact.type.startsWith('scheduler.')) return schedulerLine(fact);
  if (fact.type.startsWith('store.')) return storeLine(fact);
  const jobId = fact.job?.id ?? run?.jobId;
  const subject = jobId === undefined ? 'A job' : `Job ${quoted(jobId)}`;
  return run === null ? `${subject}: ${jobText(fact)}` : `${subject}, run ${run.id}: ${runText(fact, run)}`;
}

/** The stack of what was thrown; the line itself has its message. */
export function stackOf({ error, run }: SchedulerFact): string | undefined {
  const stack = isError(error) ? error.stack : run?.error?.stack;
  return stack ? cut(stack, STACK_LIMIT) : undefined;
}

const IDLE_WORKER =
  "this process runs none of them: a worker serves an executor for a fleet, and no kind of executor here has one yet. Use role 'all' or 'scheduler' to run jobs, 'client' to manage them.";

function schedulerLine({ type, detail, data }: SchedulerFact): string {
  const what = type.slice('scheduler.'.length);
  if (what === 'stopped' && data?.hasStarted === false) return `The scheduler did not start${because(detail)}.`;
  if (what !== 'started') return `The scheduler was ${what}${because(detail)}.`;
  const { jobs, nextFireTime, nextJobId, isPassive, role } = data ?? {};
  const count = typeof jobs === 'number' ? ` with ${jobs} ${jobs === 1 ? 'job' : 'jobs'}` : '';
  if (role === 'worker') return `The scheduler was started${count}; ${IDLE_WORKER}`;
  if (isPassive === true) return `The scheduler was started${count}; this process runs none of them.`;
  if (typeof nextFireTime !== 'number') return `The scheduler was started${count}.`;
  const whose = typeof nextJobId === 'string' ? `, job ${quoted(nextJobId)}` : '';
  return `The scheduler was started${count}. Next fire time: ${instant(nextFireTime)}${whose}.`;
}

function storeLine({ type, store, detail, error }: SchedulerFact): string {
  const name = `Store ${quoted(store ?? 'default')}`;
  if (type === 'store.recovered') return `${name} answers again${because(detail)}.`;
  return `${name} failed${because(messageOf(error) ?? detail)}. It is tried again; jobs go on when it answers.`;
}

function jobText({ type, detail, error }: SchedulerFact): string {
  const texts: Partial<Record<SchedulerFact['type'], string>> = {
    'job.quarantined': 'paused by quarantine; resume it when the cause is mended',
    'job.unresolved': 'no live node knows its task; it is kept and not run',
    'job.orphaned': 'no longer in the code of any live node; it is kept and not run',
  };
  return `${texts[type] ?? type.slice(type.indexOf('.') + 1)}${because(detail ?? messageOf(error))}`;
}

function runText(fact: SchedulerFact, run: RunRecord): string {
  const { type, detail, error } = fact;
  const cause = because(messageOf(error) ?? run.error?.message ?? detail);
  switch (type) {
    case 'run.skipped':
      return `skipped, ${run.reason ?? 'without a reason'}${rangeOf(run)}${because(run.detail ?? detail)}`;
    case 'run.succeeded':
      return `succeeded${took(run)}`;
    case 'run.retrying':
      return `attempt ${run.attempt} failed${cause}; tried again at ${instant(dueAtOf(fact) ?? run.dueAt)}`;
    case 'run.abandoned':
      return `given up, but its handler still runs${cause}`;
    case 'run.timedOut':
      return `timed out in attempt ${run.attempt}${took(run)}${cause}`;
    case 'run.failed':
      return `failed in attempt ${run.attempt}${took(run)}${cause}`;
    case 'lease.lost':
      return `this node no longer holds it${because(detail)}`;
    default:
      return type.startsWith('run.') ? `${type.slice('run.'.length)}${cause}` : jobText(fact);
  }
}

function rangeOf({ count, countIsExact, firstFireTime, fireTime }: RunRecord): string {
  if (count === 1) return `, fire time ${instant(fireTime)}`;
  return `, ${countIsExact ? '' : 'at least '}${count} fire times from ${instant(firstFireTime)} to ${instant(fireTime)}`;
}

function took({ startedAt, settledAt }: RunRecord): string {
  return startedAt === null || settledAt === null ? '' : ` after ${seconds(settledAt - startedAt)}`;
}

function dueAtOf({ data }: SchedulerFact): Instant | null {
  return typeof data?.dueAt === 'number' ? data.dueAt : null;
}

function because(text: string | null): string {
  return text === null || text === '' ? '' : `: ${oneLine(text)}`;
}

function messageOf(error: unknown): string | null {
  if (error === null || error === undefined) return null;
  if (isError(error)) return `${error.name === 'Error' ? '' : `${error.name}: `}${messageWithCauses(error)}`;
  return typeof error === 'string' ? error : 'something that is no error was thrown';
}

function seconds(millis: Millis): string {
  return millis < 1_000 ? `${Math.round(millis)} ms` : `${Math.round(millis / 100) / 10} s`;
}
