import type { RunKind, RunRecord, RunState } from '../../core/index.js';
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
import { ID_WIDTH } from './run-ids.js';

/** In place of a claim, for a run that has a lease of its own, or none. */
const NO_CLAIM = ' '.repeat(ID_WIDTH);

/** The claim that a run, as it was read, is held with: its lease is that of all its runs until they are renewed. */
const claims = new WeakMap<RunRecord, string>();

/** null: the run is not held, or its lease is its own. */
export function claimOf(run: RunRecord): string | null {
  return claims.get(run) ?? null;
}

const STATES: Readonly<Record<RunState, string>> = {
  buffered: 'b',
  waiting: 'w',
  running: 'r',
  succeeded: 's',
  failed: 'f',
  timedOut: 't',
  cancelled: 'c',
  lost: 'l',
  skipped: 'k',
};
const STATE_OF = new Map(Object.entries(STATES).map(([state, letter]) => [letter, state as RunState]));
const KINDS: Readonly<Record<RunKind, string>> = { scheduled: 's', start: 't', manual: 'm', backfill: 'b' };
const KIND_OF = new Map(Object.entries(KINDS).map(([kind, letter]) => [letter, kind as RunKind]));

/** Between what a settlement writes anew, and what stays. */
export const CORE_MARK = '\x1f';

/** What a writer compares: token and state. The digit after it says whether the run was asked to stop. */
export function headOf(token: number, state: RunState): string {
  return `${token}:${STATES[state]}`;
}

export function isSettledState(state: RunState): boolean {
  return state !== 'buffered' && state !== 'waiting' && state !== 'running';
}

/** The part that changes, with what a settlement says. Starts after head and digit. */
export function headRestOf(
  run: Pick<RunRecord, 'attempt' | 'startedAt' | 'settledAt' | 'reason' | 'detail' | 'error' | 'result' | 'output'>,
): string {
  return (
    `\n${run.attempt}\n${lineOfNumber(run.startedAt)}\n${lineOfNumber(run.settledAt)}\n${run.reason ?? ''}\n` +
    `${lineOrNull(run.detail)}\n${jsonOrNull(run.error)}\n${jsonResult(run)}\n${lineOrNull(run.output)}`
  );
}

/** null is a result too, but not told apart from none. */
function jsonResult({ result }: Pick<RunRecord, 'result'>): string {
  return result === null ? '' : JSON.stringify(result);
}

/** @param claim the claim whose lease the run shares; null: none */
export function encodeRun(run: RunRecord, claim: string | null): string {
  return (
    headOf(run.token, run.state) +
    (run.cancelRequested ? '1' : '0') +
    headRestOf(run) +
    CORE_MARK +
    (claim ?? NO_CLAIM) +
    coreOf(run)
  );
}

/** What the rows of all runs begin with that were never held before. */
const FIRST_HELD = `${headOf(1, 'running')}0\n1\n\n\n\n\x7f\n\n\n\x7f${CORE_MARK}`;

/** The row of a run that the plan has just made for one fire time, and that is held at once. The job's key and the node come as lines. */
export function encodeHeld(run: RunRecord, { claim, job, node }: { claim: string; job: string; node: string }): string {
  return (
    `${FIRST_HELD}${claim}${job}\n${run.jobGeneration}\n${node}\n${run.dueAt}\n${lineOf(run.task)}\n` +
    `${KINDS[run.kind]}\n${run.fireTime}\n${run.firstFireTime}\n${run.count}\n${run.countIsExact ? '1' : '0'}\n` +
    `0\n${run.createdAt}\n`
  );
}

/** Its job's id comes first, behind the claim: scripts look for both there. */
function coreOf(run: RunRecord): string {
  return (
    `${lineOf(run.jobId)}\n${run.jobGeneration}\n${lineOrNull(run.node)}\n${run.dueAt}\n${lineOf(run.task)}\n` +
    `${KINDS[run.kind]}\n${run.fireTime}\n${run.firstFireTime}\n${run.count}\n${run.countIsExact ? '1' : '0'}\n` +
    `${run.forced ? '1' : '0'}\n${run.createdAt}\n${run.args === null ? '' : JSON.stringify(run.args)}`
  );
}

/** @param lease score of its lease; null when it has none */
export function decodeRun(id: string, text: string, lease: number | null): RunRecord {
  const mark = text.indexOf(CORE_MARK);
  const head = text.slice(0, mark).split(LINE_END);
  const core = text.slice(mark + 1 + ID_WIDTH).split(LINE_END);
  const colon = head[0].indexOf(':');
  const state = STATE_OF.get(head[0][colon + 1])!;
  const run: RunRecord = {
    id,
    jobId: textOf(core[0]),
    jobGeneration: Number(core[1]),
    task: textOf(core[4]),
    kind: KIND_OF.get(core[5])!,
    fireTime: Number(core[6]),
    firstFireTime: Number(core[7]),
    count: Number(core[8]),
    countIsExact: core[9] === '1',
    dueAt: Number(core[3]),
    state,
    attempt: Number(head[1]),
    token: Number(head[0].slice(0, colon)),
    node: textOrNull(core[2]),
    leaseUntil: state === 'running' ? lease : null,
    cancelRequested: head[0][colon + 2] === '1',
    forced: core[10] === '1',
    args: core[12] === '' ? null : listOf(core[12]),
    createdAt: Number(core[11]),
    startedAt: numberOrNull(head[2]),
    settledAt: numberOrNull(head[3]),
    reason: head[4] === '' ? null : (head[4] as RunRecord['reason']),
    detail: textOrNull(head[5]),
    error: parsedOrNull(head[6]),
    result: parsedOrNull(head[7]),
    output: textOrNull(head[8]),
  };
  if (state === 'running' && text[mark + 1] !== ' ') claims.set(run, text.slice(mark + 1, mark + 1 + ID_WIDTH));
  return run;
}
