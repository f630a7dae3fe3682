import type { RunRecord } from '../../core/index.js';
import { RUN_KINDS, RUN_STATES, SKIP_REASONS } from './codes.js';
import type { StoredRun } from './records.js';

/** A run with its texts and the names that its keys stand for, in the order in which every dialect asks for them. */
type RunColumns = readonly [
  key: number,
  jobKey: number,
  generation: number,
  kind: number,
  state: number,
  fireTime: number,
  firstFireTime: number | null,
  count: number,
  isCountExact: number | boolean,
  dueAt: number | null,
  attempt: number,
  token: number,
  leaseUntil: number | null,
  isCancelRequested: number | boolean,
  isForced: number | boolean,
  createdAt: number,
  startedAt: number | null,
  settledAt: number | null,
  reason: number | null,
  jobId: string,
  task: string,
  node: string | null,
  args: string | null,
  detail: string | null,
  error: string | null,
  result: string | null,
  output: string | null,
];

/** How a database shows what it keeps. */
export interface RunReading {
  runId(key: number): string;
  /** A text as it was given, where the database cannot keep all of them as they are. */
  readonly readable?: { (text: string): string; (text: string | null): string | null };
}

export function decodeRun(reading: RunReading, columns: readonly unknown[]): StoredRun {
  const row = columns as unknown as RunColumns;
  const readable = reading.readable ?? asItIs;
  const record: RunRecord = {
    id: reading.runId(row[0]),
    jobId: readable(row[19]),
    jobGeneration: row[2],
    task: row[20],
    kind: RUN_KINDS[row[3]],
    fireTime: row[5],
    firstFireTime: row[6] ?? row[5],
    count: row[7],
    countIsExact: Boolean(row[8]),
    dueAt: row[9] ?? row[5],
    state: RUN_STATES[row[4]],
    attempt: row[10],
    token: row[11],
    node: row[21],
    leaseUntil: row[12],
    cancelRequested: Boolean(row[13]),
    forced: Boolean(row[14]),
    args: parsed(row[22]),
    createdAt: row[15],
    startedAt: row[16],
    settledAt: row[17],
    reason: row[18] === null ? null : SKIP_REASONS[row[18]],
    detail: readable(row[23]),
    error: parsed(row[24]),
    result: parsed(row[25]),
    output: readable(row[26]),
  };
  return { key: row[0], jobKey: row[1], record };
}

function asItIs(text: string): string;
function asItIs(text: string | null): string | null;
function asItIs(text: string | null): string | null {
  return text;
}

/** A text that is damaged reads as none: a run of the past is shown without it. */
function parsed<T>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
