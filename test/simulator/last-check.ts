import type { Instant, RunRecord, Store } from '../../lib/core/index.js';
import { dueAtOf } from '../../lib/engine/fire-times.js';
import type { JobLine, Stretch } from './job-lines.js';
import type { Judge } from './judge.js';
import { RULES } from './judge.js';
import type { Ledger } from './ledger.js';
import type { SimNode } from './sim-node.js';

const ALL = 100_000;
const OUTCOMES = new Set(['succeeded', 'failed', 'timedOut', 'cancelled', 'lost', 'skipped']);

/** Every job is finished, no run is open, and no node is on its way up or down. */
export async function isAtRest(store: Store, nodes: readonly SimNode[]): Promise<boolean> {
  if (nodes.length === 0 || nodes.some(({ scheduler }) => scheduler.state !== 'running')) return false;
  const jobs = await store.jobs.list();
  if (jobs.some(({ status }) => status !== 'finished')) return false;
  const open = await store.history.page({ states: ['buffered', 'waiting', 'running'], limit: 1 });
  return open.runs.length === 0;
}

/** At the end: every fire time has its run or a reason, every run an outcome. */
export async function checkEnd(ledger: Ledger, store: Store, judge: Judge): Promise<void> {
  const jobs = await store.jobs.list();
  for (const job of jobs) {
    const isFinished = job.status === 'finished';
    judge.expect(isFinished, RULES.rest, () => `${job.id} is ${job.status}, next fire time ${job.fireTime}`);
  }
  for (const line of ledger.lines.all()) {
    const rows = (await store.history.page({ jobId: line.id, limit: ALL })).runs;
    for (const run of rows) {
      judge.expect(OUTCOMES.has(run.state), RULES.lost, () => `${run.id} of ${line.id} is ${run.state}`);
      const hasReason = run.state !== 'skipped' || run.reason !== null;
      judge.expect(hasReason, RULES.lost, () => `${run.id} was skipped for no reason`);
    }
    const job = jobs.find(({ id }) => id === line.id);
    for (const stretch of line.stretches) checkStretch(line, stretch, rows, job?.statusReason === 'limit', judge);
  }
}

function checkStretch(
  line: JobLine,
  stretch: Stretch,
  rows: readonly RunRecord[],
  isCapped: boolean,
  judge: Judge,
): void {
  const { trigger, from, before, closedAt } = stretch;
  if (trigger.fixedDelay !== null) return;
  const own = rows.filter((run) => run.kind !== 'manual' && run.jobGeneration === line.generation);
  const last = Math.max(...own.map(({ fireTime }) => fireTime));
  let fireTime: Instant | null = from;
  for (let count = 0; fireTime !== null && count < 10_000; count++) {
    if (before !== null && fireTime >= before) return;
    const isOwed = closedAt === null || dueAtOf(line.id, trigger, fireTime) <= closedAt;
    const owed = fireTime;
    const isCovered = own.some(({ firstFireTime, fireTime: to }) => firstFireTime <= owed && owed <= to);
    if (isCapped && fireTime > last) return;
    judge.expect(!isOwed || isCovered, RULES.lost, () => `${line.id} has neither run nor reason for ${owed}`);
    fireTime = trigger.next(fireTime);
  }
}
