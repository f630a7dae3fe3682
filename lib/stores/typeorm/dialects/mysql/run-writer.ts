import { KIND, REASON, STATE } from '../../codes.js';
import type { RunDraft } from '../../records.js';
import { canLieTogether } from '../server/known-batches.js';
import { BeatenError } from './beaten-error.js';
import type { ClaimedBatches } from './claimed-batches.js';
import type { DueJobs } from './due-jobs.js';
import { flag, inList, json, orNull, text } from './literals.js';
import type { Literal } from './literals.js';
import type { Scope } from './scope.js';

interface Keyed {
  readonly key: number;
  readonly draft: RunDraft;
}

const SHARED = `run_key, app_key, created_at, job_key, generation, fire_time, first_fire_time, shape_key, count, kind, slot,
  is_count_exact, is_forced, has_texts, state, is_cancel_requested, attempt, token`;
const OPEN = `${SHARED}, due_at, wants_at, lease_until, node_key`;
const SETTLED = `${SHARED}, due_at, settled_at, reason`;

/** Writes new runs: claimed or waiting ones, and records of skipped ones. */
export class RunWriter {
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly due: DueJobs,
    private readonly batches: ClaimedBatches,
  ) {
    this.tables = scope.place.tables;
  }

  /** Answers the keys of those that were not written: their fire time has its run. */
  async write(drafts: readonly RunDraft[], first: number): Promise<ReadonlySet<number>> {
    const keyed = drafts.map((draft, index): Keyed => ({ key: first + index, draft }));
    const open = keyed.filter(({ draft }) => draft.state !== 'skipped');
    // A skip record that is not to be kept is not written.
    const skipped = keyed.filter(({ draft }) => draft.state === 'skipped' && draft.job.record.policy.keepHistory);
    if (skipped.length > 0) this.writeSkipped(skipped);
    const taken = open.length > 0 ? await this.writeOpen(open) : new Set<number>();
    const texted = [...open, ...skipped].filter(({ draft, key }) => hasTexts(draft) && !taken.has(key));
    if (texted.length > 0) this.writeTexts(texted);
    return taken;
  }

  /** Hopeful: the look at what is there goes with the write, and the step is done again when it found something. */
  private async writeOpen(keyed: readonly Keyed[]): Promise<ReadonlySet<number>> {
    const nodeKey = await this.nodeKeyOf(keyed);
    if (this.scope.isHopeful) {
      const drafts = keyed.map(({ draft }) => draft);
      const isTogether = keyed[keyed.length - 1].key - keyed[0].key === keyed.length - 1 && canLieTogether(drafts);
      const taken = this.takenOf(keyed, isTogether);
      if (isTogether) this.batches.write(drafts, keyed[0].key, nodeKey!);
      else this.insertOpen(keyed, nodeKey);
      if ((await taken).size > 0) throw new BeatenError();
      return new Set();
    }
    const taken = await this.takenOf(keyed, true);
    const free = keyed.filter(({ key }) => !taken.has(key));
    if (free.length > 0) this.insertOpen(free, nodeKey);
    return taken;
  }

  /** The second net (P33): fire times that have their run already. The jobs are locked, so nobody adds one meanwhile. */
  private async takenOf(keyed: readonly Keyed[], looksEverywhere: boolean): Promise<Set<number>> {
    const once = keyed.filter(({ draft }) => draft.kind !== 'manual' && !this.due.isNew(draft.job.key));
    if (once.length === 0) return new Set();
    const [earliest, latest] = [Math.min, Math.max].map((of) => of(...once.map(({ draft }) => draft.fireTime)));
    const jobs = inList(new Set(once.map(({ draft }) => draft.job.key)));
    const where = `job_key IN (${jobs}) AND fire_time BETWEEN ${earliest} AND ${latest} AND slot = 0`;
    // One that is open makes a write of single runs fail by itself; batches that had one were taken apart before.
    const looked = looksEverywhere ? ['single_runs', 'runs'] : ['runs'];
    const each = looked.map(
      (table) =>
        `SELECT job_key, fire_time, generation FROM ${this.tables}${table} FORCE INDEX (${table}_once) WHERE ${where}`,
    );
    const { rows } = await this.scope.statements.query(each.join(' UNION ALL '));
    const there = new Set(rows.map((row) => row.join(' ')));
    if (there.size === 0) return new Set();
    const isTaken = ({ draft: { job, fireTime } }: Keyed): boolean =>
      there.has(`${job.key} ${fireTime} ${job.record.generation}`);
    return new Set(once.filter(isTaken).map(({ key }) => key));
  }

  private insertOpen(keyed: readonly Keyed[], nodeKey: number | null): void {
    const rows = keyed.map(({ key, draft }) => {
      const claimed = draft.claim === null ? 0 : 1;
      const claim = [orNull(draft.claim?.leaseUntil ?? null), claimed === 1 ? nodeKey! : 'NULL'];
      return [...this.shared(key, draft), claimed, claimed, draft.dueAt, orNull(wantsAt(draft)), ...claim];
    });
    this.scope.sendRows(`INSERT INTO ${this.tables}single_runs (${OPEN})`, rows);
  }

  private writeSkipped(keyed: readonly Keyed[]): void {
    const rows = keyed.map(({ key, draft }) => {
      const { dueAt, fireTime, reason, createdAt } = draft;
      const due = dueAt === fireTime ? 'NULL' : dueAt;
      return [...this.shared(key, draft), 0, 0, due, createdAt, orNull(reason === null ? null : REASON[reason])];
    });
    this.scope.sendRows(`INSERT INTO ${this.tables}runs (${SETTLED})`, rows);
  }

  /** From `run_key` to `is_cancel_requested`. */
  private shared(key: number, draft: RunDraft): Literal[] {
    const { job, fireTime, firstFireTime, kind, state } = draft;
    return [
      key,
      this.scope.place.appKey,
      draft.createdAt,
      job.key,
      job.record.generation,
      fireTime,
      firstFireTime === fireTime ? 'NULL' : firstFireTime,
      job.shapeKey,
      draft.count,
      KIND[kind],
      kind === 'manual' || state === 'skipped' ? 'NULL' : 0,
      flag(draft.countIsExact),
      flag(draft.forced),
      flag(hasTexts(draft)),
      STATE[state],
      0,
    ];
  }

  private writeTexts(keyed: readonly Keyed[]): void {
    const rows = keyed.map(({ key, draft }) => [key, json(draft.args), text(draft.detail)]);
    this.scope.sendRows(`INSERT INTO ${this.tables}run_texts (run_key, args, detail)`, rows);
  }

  private async nodeKeyOf(keyed: readonly Keyed[]): Promise<number | null> {
    const claimed = keyed.find(({ draft }) => draft.claim !== null);
    if (claimed === undefined) return null;
    return await this.scope.nodeKey(claimed.draft.claim!.node, claimed.draft.createdAt);
  }
}

function wantsAt({ claim, state, dueAt }: RunDraft): number | null {
  if (claim !== null) return claim.leaseUntil;
  return state === 'waiting' ? dueAt : null;
}

function hasTexts({ args, detail }: RunDraft): boolean {
  return args !== null || detail !== null;
}
