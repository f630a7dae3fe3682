import type { Instant, JobPause, JobPolicy, JobRecord, JobStatus } from '../../core/index.js';
import { hashOfText } from '../../core/index.js';
import { ByteWriter } from './byte-writer.js';
import { LINE_END, lineOf, LineReader, listOf, parsedOrNull, textOf, textOrNull } from './lines.js';

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
  /** Of such a one, the row that each claim rewrites, as it is. */
  readonly hot?: string;
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

export function letterOf(status: JobStatus): string {
  return STATUSES[status];
}

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

export function encodeHot(job: StoredJob): string {
  return textOfRow((row) => writeHot(row, job));
}

export function writeHot(row: ByteWriter, { record: job, lastFireTime, recent, open, kind }: StoredJob): void {
  row.number(job.version);
  row.number(job.generation);
  row.line(kind);
  row.line(STATUSES[job.status]);
  row.number(job.fireTime);
  row.number(job.dueAt);
  row.number(job.runCount);
  row.number(lastFireTime);
  row.number(job.statusAt);
  row.number(job.updatedAt);
  row.line(recent);
  row.line(open);
  row.json(job.pause);
  row.lineOrNull(job.statusReason);
  row.dropLineEnd();
}

/** The row of a job that cannot be read, with its status as it is shown. */
export function hotSetAside(hot: string, reason: string, at: Instant): string {
  const lines = hot.split(LINE_END);
  lines[HOT.version] = String(Number(lines[HOT.version]) + 1);
  lines[HOT.status] = letterOf('unresolved');
  if (lines.length > HOT.statusReason) {
    lines[HOT.statusAt] = String(at);
    lines[HOT.statusReason] = lineOf(reason);
  }
  return lines.join(LINE_END);
}

export function encodeOwn(job: OwnPart): string {
  return textOfRow((row) => writeOwn(row, job));
}

export function writeOwn(row: ByteWriter, job: OwnPart): void {
  row.lineOrNull(job.name);
  row.lineOrNull(job.description);
  row.list(job.tags);
  row.list(job.args);
  row.line(job.trigger);
  row.line(job.triggerFingerprint);
  row.line(job.restFingerprint);
  row.number(job.createdAt);
  row.dropLineEnd();
}

function textOfRow(write: (row: ByteWriter) => void): string {
  const row = ByteWriter.taken();
  write(row);
  const text = row.text();
  row.giveBack();
  return text;
}

const reader = new LineReader();

export function decodeOwn(text: string): OwnPart {
  return readOwn(reader.begin(text));
}

export function readOwn(lines: LineReader): OwnPart {
  return {
    name: textOrNull(lines.next()),
    description: textOrNull(lines.next()),
    tags: listOf(lines.next()) as readonly string[],
    args: listOf(lines.next()),
    trigger: textOf(lines.next()),
    triggerFingerprint: textOf(lines.next()),
    restFingerprint: textOf(lines.next()),
    createdAt: Number(lines.next()),
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

/** What each claim rewrites. */
export interface HotPart {
  readonly version: number;
  readonly generation: number;
  readonly kind: string;
  readonly status: JobStatus;
  readonly fireTime: Instant | null;
  readonly dueAt: Instant | null;
  readonly runCount: number;
  readonly lastFireTime: Instant | null;
  readonly statusAt: Instant | null;
  readonly updatedAt: Instant;
  readonly recent: string;
  readonly open: string;
  readonly pause: JobPause | null;
  readonly statusReason: string | null;
}

/**
 * @param likely the kind that it probably has: that very text is taken then
 * @throws when the row is damaged
 */
export function decodeHot(text: string, likely: string): HotPart {
  return readHot(reader.begin(text), likely);
}

/** The same of what a reader has begun with. */
export function readHot(lines: LineReader, likely: string): HotPart {
  return {
    version: lines.number() ?? Number.NaN,
    generation: lines.number() ?? Number.NaN,
    kind: lines.passes(likely) ? likely : lines.next(),
    status: STATUS_OF.get(lines.next())!,
    fireTime: lines.number(),
    dueAt: lines.number(),
    runCount: lines.number() ?? 0,
    lastFireTime: lines.number(),
    statusAt: lines.number(),
    updatedAt: lines.number() ?? 0,
    recent: lines.next(),
    open: lines.next(),
    pause: parsedOrNull(lines.next()),
    statusReason: textOrNull(lines.next()),
  };
}

export interface JobParts {
  readonly id: string;
  readonly hot: HotPart;
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
    generation: hot.generation,
    version: hot.version,
    status: hot.status,
    statusReason: hot.statusReason,
    statusAt: hot.statusAt,
    pause: hot.pause,
    fireTime: hot.fireTime,
    dueAt: hot.dueAt,
    runCount: hot.runCount,
    losses,
    appVersion: kind.appVersion,
    createdAt: own.createdAt,
    updatedAt: hot.updatedAt,
  };
  return { record, lastFireTime: hot.lastFireTime, recent: hot.recent, open: hot.open, kind: hot.kind };
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

/** Nothing: it has none. */
export function decodeLosses(text: string, generation: number): number {
  if (text === '') return 0;
  const colon = text.indexOf(':');
  return Number(text.slice(0, colon)) === generation ? Number(text.slice(colon + 1)) : 0;
}
