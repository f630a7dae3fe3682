import { Inject, Injectable } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { JobContext, OnSchedulerEvent, SchedulerEvent, Task } from '../../../lib/index.js';
import type { RunName } from './evidence.js';
import { Evidence } from './evidence.js';

const TICK = 20;
/** From then on the parent is told of a handler's begin: there is time to strike its process in the middle. */
const LONG = 2_000;
/** No load makes a process wait for so long between two ticks: it was stopped. */
const STANDSTILL = 8_000;
const TOLD = [
  'run.succeeded',
  'run.lost',
  'run.failed',
  'run.abandoned',
  'lease.lost',
  'job.quarantined',
  'store.failed',
  'store.recovered',
] as const;

/** The tasks of the cluster: they do nothing but leave evidence. */
@Injectable()
export class Work {
  constructor(@Inject(Evidence) private readonly evidence: Evidence) {}

  @Task()
  async quick(job: JobContext): Promise<void> {
    const run = nameOf(job);
    this.evidence.write('start', run);
    await sleep(Math.random() * 10);
    this.evidence.write('end', run);
  }

  /** Works in small steps and stops when it is told to. */
  @Task()
  async steady(workMs: number, job: JobContext): Promise<void> {
    const run = nameOf(job);
    this.evidence.write('start', run);
    // Read first: who hears of it may stop this process before its next line, or before its first step.
    let before = performance.now();
    const end = before + workMs;
    if (workMs >= LONG) process.send!({ hasBegun: run.run });
    for (let now = before; now < end;) {
      await sleep(TICK);
      now = performance.now();
      if (now - before > STANDSTILL) await this.wake(run, job);
      before = now;
      if (job.signal.aborted) {
        this.evidence.write('aborted', run);
        throw job.signal.reason;
      }
    }
    this.evidence.write('end', run);
  }

  @OnSchedulerEvent(TOLD)
  told({ type, run, job, error, detail }: SchedulerEvent): void {
    const what = error instanceof Error ? `${type} ${error.message}${causeOf(error)}` : type;
    this.evidence.tell(detail === null ? what : `${what} (${detail})`, {
      job: job?.id ?? '',
      run: run?.id ?? '',
      fireTime: run?.fireTime.getTime() ?? 0,
      attempt: run?.attempt ?? 0,
    });
  }

  /**
   * A process that was stopped among its timers first goes on with those that were due then. What fell due since comes in the
   * next round, the scheduler's timer maybe after this one: the round is theirs.
   */
  private async wake(run: RunName, job: JobContext): Promise<void> {
    await sleep(1);
    await turn();
    this.evidence.write('woke', run, job.signal.aborted ? 1 : 0);
  }
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? `, because of: ${cause.message}` : '';
}

/** With the fencing token, which is the engine's own affair and no part of the public context. */
function nameOf(job: JobContext): RunName {
  const { token } = (job as unknown as { parts: { run: { token: number } } }).parts.run;
  return { job: job.jobId, fireTime: job.fireTime.getTime(), run: job.runId, token, attempt: job.attempt };
}
