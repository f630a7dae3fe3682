import type { NodeRecord } from '../../core/index.js';
import type { Cuttable, PreviewFire, Why } from '../../engine/index.js';
import { Run } from './run.js';

/** A running scheduler of the application. */
export interface SchedulerNode {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly appVersion: string;
  readonly startedAt: Date;
  /** Its latest heartbeat. */
  readonly seenAt: Date;
  /** Jobs that its code defines. */
  readonly jobIds: readonly string[];
  /** Tasks that it can run. */
  readonly tasks: readonly string[];
}

/** A fire time that is to come. */
export interface PreviewEntry {
  readonly jobId: string;
  readonly fireTime: Date;
  /** Fire time plus jitter. */
  readonly dueAt: Date;
}

/** Fire times to come, in order: a list, which says with `isCut` that there are more than the 10,000 it holds. */
export type Preview = Cuttable<PreviewEntry>;

/** What became of a fire time, and why. */
export interface WhyAnswer {
  /** In one word: `ran`, `skipped`, `paused`, `notAFireTime` … */
  readonly verdict: Why['verdict'];
  /** In a sentence. */
  readonly text: string;
  /** Runs that stand for the fire time, skipped ones too. */
  readonly runs: readonly Run[];
}

export function nodeView(node: NodeRecord): SchedulerNode {
  const { id, host, pid, appVersion, jobIds, tasks } = node;
  return {
    id,
    host,
    pid,
    appVersion,
    startedAt: new Date(node.startedAt),
    seenAt: new Date(node.seenAt),
    jobIds,
    tasks,
  };
}

export function previewEntry(fire: PreviewFire): PreviewEntry {
  return { jobId: fire.jobId, fireTime: new Date(fire.fireTime), dueAt: new Date(fire.dueAt) };
}

export function whyAnswer(why: Why): WhyAnswer {
  return { verdict: why.verdict, text: why.text, runs: why.runs.map((run) => new Run(run)) };
}
