import type { Claim, ClaimRequest, Instant, JobPause, JobRecord, Settlement, Trigger } from '../../lib/core/index.js';
import { LOSS_LIMIT } from '../../lib/core/index.js';
import { createTriggerCodec } from '../../lib/triggers/index.js';
import type { Judge } from './judge.js';
import { RULES } from './judge.js';
import type { Seen } from './ledger.js';

/** A stretch in which a job kept to one trigger. */
export interface Stretch {
  readonly trigger: Trigger;
  readonly from: Instant;
  /** Fire times before this one were handled under it, if they were due by `closedAt`; null: it goes on. */
  readonly before: Instant | null;
  readonly closedAt: Instant | null;
}

/** One job from its being added to its removal, as the changes of it were seen. */
export interface JobLine {
  readonly id: string;
  generation: number;
  pause: JobPause | null;
  losses: number;
  /** The most instances it was ever allowed, since open runs stay when that shrinks. */
  widest: number;
  maxInstances: number;
  trigger: string;
  stretches: Stretch[];
}

/** What is known of each job: its trigger over time, its pause, its losses. */
export class JobLines {
  readonly triggers = createTriggerCodec();
  private readonly lines = new Map<string, JobLine>();

  constructor(private readonly judge: Judge) {}

  of(jobId: string): JobLine | null {
    return this.lines.get(jobId) ?? null;
  }

  all(): IterableIterator<JobLine> {
    return this.lines.values();
  }

  added(job: JobRecord): void {
    this.lines.set(job.id, lineOf(job, this.stretchFrom(job)));
  }

  changed(before: JobRecord, after: JobRecord | null, at: Instant): void {
    const line = this.lines.get(before.id);
    if (line === undefined) {
      this.judge.blame(RULES.lost, `job ${before.id} was changed, and nobody had added it`);
    } else if (after === null) {
      this.lines.delete(before.id);
    } else if (after.generation !== line.generation) {
      this.judge.expect(after.generation > line.generation, RULES.tokens, () => `the generation of ${after.id} shrank`);
      const { widest } = line;
      // The same line: runs that have started stay, and still stand in the way.
      Object.assign(line, lineOf(after, this.stretchFrom(after)));
      line.widest = Math.max(widest, line.maxInstances);
    } else {
      this.moved(line, before, after, at);
    }
  }

  planned({ job, jobId, runId }: Claim, { now, isPaused }: ClaimRequest): void {
    const line = this.lines.get(jobId);
    if (line === undefined) return;
    const { pause } = line;
    const isStanding = pause !== null && (pause.until === null || pause.until > now);
    this.judge.expect(!isStanding, RULES.paused, () => `${runId} was made of ${jobId}, which is paused`);
    const isExempt = job.policy.evenInMaintenanceMode;
    this.judge.expect(!isPaused || isExempt, RULES.paused, () => `${runId} was made while everything is paused`);
    line.pause = null;
  }

  lost({ job, jobId, run, runId }: Claim): void {
    const line = this.lines.get(jobId);
    if (line === undefined || run.jobGeneration !== line.generation) return;
    line.losses++;
    const { losses } = line;
    // More, where a store shows its records as they are at any moment.
    this.judge.expect(job.losses >= losses, RULES.losses, () => `${runId}: ${job.losses} losses, not ${losses}`);
  }

  settled({ id, generation, jobId, losses }: Seen, settlement: Extract<Settlement, { kind: 'outcome' }>): void {
    const line = this.lines.get(jobId);
    if (line === undefined || generation !== line.generation) return;
    const { outcome, afterwards } = settlement;
    if (outcome !== 'lost') line.losses = 0;
    if (afterwards?.pause !== undefined) {
      this.judge.expect(losses >= LOSS_LIMIT, RULES.losses, () => `${id}: quarantined after ${losses} losses`);
      line.pause = afterwards.pause;
    }
  }

  private moved(line: JobLine, before: JobRecord, after: JobRecord, at: Instant): void {
    line.pause = after.pause;
    line.losses = after.losses;
    line.maxInstances = after.policy.maxInstances;
    line.widest = Math.max(line.widest, line.maxInstances);
    if (after.trigger === line.trigger) return;
    line.trigger = after.trigger;
    const last = line.stretches.at(-1);
    const open = last?.before === null ? line.stretches.pop() : undefined;
    // Of a job that its limit ended nothing more is owed.
    const isCapped = before.statusReason === 'limit';
    const upTo = isCapped ? (open?.from ?? 0) : (before.fireTime ?? Infinity);
    if (open !== undefined) line.stretches.push({ ...open, before: upTo, closedAt: at });
    line.stretches.push(...this.stretchFrom(after));
  }

  private stretchFrom({ fireTime, trigger }: JobRecord): Stretch[] {
    if (fireTime === null) return [];
    return [{ trigger: this.triggers.decode(trigger), from: fireTime, before: null, closedAt: null }];
  }
}

function lineOf(job: JobRecord, stretches: Stretch[]): JobLine {
  const { id, generation, pause, losses, trigger } = job;
  const { maxInstances } = job.policy;
  return { id, generation, pause, losses, trigger, widest: maxInstances, maxInstances, stretches };
}
