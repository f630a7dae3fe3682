import type { JobAfterwards, JobRecord, RunRecord, Settlement } from '../../core/index.js';
import type { Changes } from './changes.js';
import type { Committer } from './committer.js';
import { BARE_END, JobDraft } from './job-draft.js';
import type { RunChange } from './job-draft.js';
import { lineOf } from './lines.js';
import type { Packable } from './pack.js';
import type { Rows } from './rows.js';
import { isRunId } from './run-ids.js';
import { digitOf, isInPack, partsOf } from './run-packs.js';
import { headOf, headRestOf, isSettledState } from './run-text.js';
import { writeDraft } from './write-draft.js';

type OutcomeSettlement = Extract<Settlement, { kind: 'outcome' }>;
type RetrySettlement = Extract<Settlement, { kind: 'retry' }>;

const CLOSED = '1';

/** One batch of settlements: most are closed by a script alone, the others are looked at. */
export class SettleStep {
  private readonly results: boolean[];

  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
    private readonly settlements: readonly Settlement[],
  ) {
    this.results = settlements.map(() => false);
  }

  async run(): Promise<boolean[]> {
    const plain: number[] = [];
    const others: number[] = [];
    this.settlements.forEach((settlement, index) => {
      if (!isRunId(settlement.runId)) return;
      if (settlement.kind === 'outcome' && settlement.afterwards === null) plain.push(index);
      else others.push(index);
    });
    if (plain.length > 0) others.push(...(await this.close(plain)));
    if (others.length > 0) await this.settleOthers(others.sort((a, b) => a - b));
    return this.results;
  }

  /** Answers the places of those that somebody has to look at. */
  private async close(places: readonly number[]): Promise<number[]> {
    const ends = new Ends();
    const packs: string[] = [];
    const digits: string[] = [];
    const which: string[] = [];
    let last = -1;
    let [start, rest] = [' ', ''];
    for (const place of places) {
      const settlement = this.settlements[place] as OutcomeSettlement;
      const { runId } = settlement;
      const end = ends.numberOf(settlement);
      if (which[last] === end && isInPack(runId, start, rest)) {
        digits[last] += digitOf(runId);
        continue;
      }
      [start, rest] = partsOf(runId);
      last = packs.push(start + rest) - 1;
      digits.push(digitOf(runId));
      which.push(end);
    }
    const asked = this.rows.pack([packs, digits, which, ends.packable]);
    const answers = (await this.rows.link.run('settle', asked)) as string;
    return places.filter((place, at) => {
      const isClosed = answers[at] === CLOSED;
      this.results[place] = isClosed;
      if (isClosed) this.rows.noteClosed(this.settlements[place].runId);
      return !isClosed;
    });
  }

  private async settleOthers(places: readonly number[]): Promise<void> {
    const lost = await this.committer.optimistic((changes) => this.look(places, changes));
    if (lost.length > 0) await this.askAgain(lost);
  }

  /** Answers those whose run is not there. */
  private async look(places: readonly number[], changes: Changes): Promise<number[]> {
    const runs = await this.rows.runs(places.map((place) => this.settlements[place].runId));
    const drafts = await this.drafts(runs);
    const lost: number[] = [];
    places.forEach((place, at) => {
      const run = runs[at];
      const settlement = this.settlements[place];
      if (run === null) lost.push(place);
      else this.results[place] = settleRun(drafts.get(run.jobId)!, settlement, run);
    });
    for (const draft of drafts.values()) {
      if (draft.runs.some(({ before, after }) => before !== after)) writeDraft(changes, draft);
    }
    return lost;
  }

  private async drafts(runs: readonly (RunRecord | null)[]): Promise<Map<string, JobDraft>> {
    const there = runs.filter((run) => run !== null);
    const drafts = new Map<string, JobDraft>();
    for (const { job, unsettled } of await this.rows.jobs([...new Set(there.map((run) => lineOf(run.jobId)))], true)) {
      drafts.set(job.record.id, new JobDraft(job.isDamaged ? null : job, unsettled));
    }
    for (const run of there) {
      // Its job was removed, or it ended between the two looks.
      const draft = drafts.get(run.jobId) ?? new JobDraft(null, []);
      drafts.set(run.jobId, draft);
      if (!draft.runs.some(({ before }) => before?.id === run.id)) draft.runs.push({ before: run, after: run });
    }
    return drafts;
  }

  /** Closed by a settlement before, whose answer was lost, and left no row. */
  private async askAgain(places: readonly number[]): Promise<void> {
    const wanted = places.map((place) => {
      const { token, runId } = this.settlements[place];
      return `;${headOf(token, 'running')}${runId}`;
    });
    const answers = (await this.rows.link.run('wasClosed', this.rows.pack(wanted))) as string;
    places.forEach((place, at) => (this.results[place] = answers[at] === CLOSED));
  }
}

/** What ends in a row ends alike: it is told once, and named by its number. */
class Ends {
  readonly packable: Packable[] = [];
  private last: OutcomeSettlement | null = null;
  private lastNumber = '';

  numberOf(settlement: OutcomeSettlement): string {
    if (this.last === null || !isAlike(this.last, settlement)) {
      this.last = settlement;
      this.lastNumber = String(this.packable.push(packableOf(settlement)));
    }
    return this.lastNumber;
  }
}

function isAlike(a: OutcomeSettlement, b: OutcomeSettlement): boolean {
  return (
    a.at === b.at &&
    a.startedAt === b.startedAt &&
    a.token === b.token &&
    a.attempt === b.attempt &&
    a.outcome === b.outcome &&
    a.keepHistory === b.keepHistory &&
    a.reason === b.reason &&
    a.detail === b.detail &&
    a.error === null &&
    b.error === null &&
    a.result === null &&
    b.result === null &&
    a.output === b.output
  );
}

/** Start of the rows that may be closed, the head that they get, what comes after, whether they stay and clear losses. */
function packableOf(settlement: OutcomeSettlement): Packable {
  const { token, outcome, keepHistory } = settlement;
  const rest = headRestOf({ ...settlement, settledAt: settlement.at });
  return [
    headOf(token, 'running'),
    headOf(token, outcome),
    rest,
    keepHistory ? '1' : '0',
    outcome === 'lost' ? '0' : '1',
  ];
}

/** P7: a settlement whose token is not the latest is refused. The same one again is answered as the first time. */
function settleRun(draft: JobDraft, settlement: Settlement, read: RunRecord): boolean {
  const change = draft.runs.find(({ before }) => before?.id === settlement.runId)!;
  const run = change.after ?? read;
  if (run.token !== settlement.token) return false;
  if (change.after === null) return true;
  if (run.state !== 'running') {
    return settlement.kind === 'outcome' ? isSettledState(run.state) : run.state === 'waiting';
  }
  const startedAt = settlement.kind === 'release' ? run.startedAt : settlement.startedAt;
  change.after = { ...run, attempt: settlement.attempt, startedAt };
  if (settlement.kind === 'outcome') end(draft, change, settlement);
  else if (settlement.kind === 'retry') waitForRetry(draft, change, settlement);
  else if (draft.job === null) draft.delete(change);
  else draft.letWait(change, settlement.dueAt);
  return true;
}

function end(draft: JobDraft, change: RunChange, settlement: OutcomeSettlement): void {
  const { jobGeneration } = change.after!;
  draft.end(change, settlement);
  if (draft.job === null || draft.record.generation !== jobGeneration) return;
  if (settlement.outcome !== 'lost' && draft.record.losses > 0) draft.set({ losses: 0 });
  if (settlement.afterwards !== null) draft.set(afterwardsOf(draft.record, settlement.afterwards, settlement.at));
}

function waitForRetry(draft: JobDraft, change: RunChange, { at, dueAt, error }: RetrySettlement): void {
  if (draft.job === null) {
    const detail = 'its job was removed';
    draft.end(change, { ...BARE_END, outcome: 'failed', at, detail, error, keepHistory: true });
    return;
  }
  change.after = { ...change.after!, error };
  draft.letWait(change, dueAt);
}

function afterwardsOf(job: JobRecord, afterwards: JobAfterwards, at: number): Partial<JobRecord> {
  const { pause = job.pause, fireTime = null, dueAt = null, finished } = afterwards;
  const version = job.version + 1;
  // A job that has a fire time was rescheduled while the run was open, and may have come to its end since: neither another one
  // nor an end is meant for it.
  if (job.fireTime !== null || job.status === 'finished') return { version, pause };
  const end = finished === undefined ? {} : ({ status: 'finished', statusReason: finished, statusAt: at } as const);
  return { version, pause, fireTime, dueAt, ...end };
}
