import type { Instant, JobPolicy, JobRecord, JobStatus } from '../../core/index.js';
import { hashOfText } from '../../core/index.js';
import {
  jsonOrNull,
  LINE_END,
  lineOf,
  lineOfNumber,
  lineOrNull,
  listOf,
  numberOrNull,
  parsedOrNull,
  textOf,
  textOrNull,
} from './lines.js';

/** A job as it is stored. */
export interface StoredJob {
  readonly record: JobRecord;
  /** Latest fire time of this generation that a run was made for; null: none. */
  readonly lastFireTime: Instant | null;
  /** Ids of its latest runs, in a row; older ones are in a list of their own. */
  readonly recent: string;
  /** Ids of the runs that were open or buffered when the row was written, in a row; some may have ended since. */
  readonly open: string;
  /** Name of what it has in common with other jobs. */
  readonly kind: string;
  /** Its row cannot be read: nothing of the record but the id is true. */
  readonly isDamaged?: boolean;
}

/** What many jobs have in common: stored once, and read once by each node. */
export type JobKind = Pick<JobRecord, 'policy' | 'hooks' | 'task' | 'timezone' | 'origin' | 'appVersion'>;

/** What only changes when the definition does. */
export type OwnPart = Pick<
  JobRecord,
  'name' | 'description' | 'tags' | 'args' | 'trigger' | 'triggerFingerprint' | 'restFingerprint' | 'createdAt'
>;

const STATUSES: Readonly<Record<JobStatus, string>> = {
  active: 'a',
  finished: 'f',
  orphaned: 'o',
  unresolved: 'u',
};
const STATUS_OF = new Map(Object.entries(STATUSES).map(([status, letter]) => [letter, status as JobStatus]));

/** Fields of the row that each claim rewrites, by line. The version comes first: scripts compare it. */
export const HOT = {
  version: 0,
  generation: 1,
  kind: 2,
  status: 3,
  fireTime: 4,
  dueAt: 5,
  runCount: 6,
  lastFireTime: 7,
  statusAt: 8,
  updatedAt: 9,
  recent: 10,
  open: 11,
  pause: 12,
  statusReason: 13,
} as const;

/** What a writer compares. */
export function versionHead(version: number): string {
  return `${version}${LINE_END}`;
}

export function encodeHot({ record: job, lastFireTime, recent, open, kind }: StoredJob): string {
  return (
    `${job.version}\n${job.generation}\n${kind}\n${STATUSES[job.status]}\n${lineOfNumber(job.fireTime)}\n` +
    `${lineOfNumber(job.dueAt)}\n${job.runCount}\n${lineOfNumber(lastFireTime)}\n${lineOfNumber(job.statusAt)}\n` +
    `${job.updatedAt}\n${recent}\n${open}\n${jsonOrNull(job.pause)}\n${lineOrNull(job.statusReason)}`
  );
}

export function encodeOwn(job: OwnPart): string {
  return [
    lineOrNull(job.name),
    lineOrNull(job.description),
    JSON.stringify(job.tags),
    JSON.stringify(job.args),
    lineOf(job.trigger),
    lineOf(job.triggerFingerprint),
    lineOf(job.restFingerprint),
    String(job.createdAt),
  ].join(LINE_END);
}

export function decodeOwn(text: string): OwnPart {
  const lines = text.split(LINE_END);
  return {
    name: textOrNull(lines[0]),
    description: textOrNull(lines[1]),
    tags: listOf(lines[2]) as readonly string[],
    args: listOf(lines[3]),
    trigger: textOf(lines[4]),
    triggerFingerprint: textOf(lines[5]),
    restFingerprint: textOf(lines[6]),
    createdAt: Number(lines[7]),
  };
}

export function encodeKind({ policy, hooks, task, timezone, origin, appVersion }: JobKind): string {
  return JSON.stringify([policy, hooks, task, timezone, origin, appVersion]);
}

export function decodeKind(text: string): JobKind {
  const [policy, hooks, task, timezone, origin, appVersion] = JSON.parse(text) as [
    JobPolicy,
    JobRecord['hooks'],
    string,
    string,
    JobRecord['origin'],
    string,
  ];
  return { policy, hooks, task, timezone, origin, appVersion };
}

/** A name that follows from the text: 96 bits, of which a program has a few dozen. */
export function kindNameOf(text: string): string {
  const halves = [hashOfText(text), hashOfText(text, 0x9e3779b9), hashOfText(text, text.length ^ 0x85ebca6b)];
  return halves.map((half) => half.toString(36)).join('.');
}

export interface JobParts {
  readonly id: string;
  readonly hot: readonly string[];
  readonly own: OwnPart;
  readonly kind: JobKind;
  readonly losses: number;
}

/** One literal for every job: all records share one shape. */
export function jobOf({ id, hot, own, kind, losses }: JobParts): StoredJob {
  const record: JobRecord = {
    id,
    name: own.name,
    description: own.description,
    tags: own.tags,
    origin: kind.origin,
    task: kind.task,
    args: own.args,
    trigger: own.trigger,
    timezone: kind.timezone,
    policy: kind.policy,
    hooks: kind.hooks,
    triggerFingerprint: own.triggerFingerprint,
    restFingerprint: own.restFingerprint,
    generation: Number(hot[HOT.generation]),
    version: Number(hot[HOT.version]),
    status: STATUS_OF.get(hot[HOT.status])!,
    statusReason: textOrNull(hot[HOT.statusReason]),
    statusAt: numberOrNull(hot[HOT.statusAt]),
    pause: parsedOrNull(hot[HOT.pause]),
    fireTime: numberOrNull(hot[HOT.fireTime]),
    dueAt: numberOrNull(hot[HOT.dueAt]),
    runCount: Number(hot[HOT.runCount]),
    losses,
    appVersion: kind.appVersion,
    createdAt: own.createdAt,
    updatedAt: Number(hot[HOT.updatedAt]),
  };
  const lastFireTime = numberOrNull(hot[HOT.lastFireTime]);
  return { record, lastFireTime, recent: hot[HOT.recent], open: hot[HOT.open], kind: hot[HOT.kind] };
}

/** When its plan is to be asked next; null: never, as it is now. */
export function wakeAtOf({ status, dueAt, pause }: JobRecord): Instant | null {
  if (status !== 'active' || dueAt === null) return null;
  if (pause === null) return dueAt;
  return pause.until === null ? null : Math.max(dueAt, pause.until);
}

/** Losses count for one generation only. */
export function encodeLosses({ generation, losses }: JobRecord): string {
  return `${generation}:${losses}`;
}

export function decodeLosses(text: string | null, generation: number): number {
  if (text === null) return 0;
  const colon = text.indexOf(':');
  return Number(text.slice(0, colon)) === generation ? Number(text.slice(colon + 1)) : 0;
}
