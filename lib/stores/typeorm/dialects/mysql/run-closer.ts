import { KIND, REASON, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type { ClosedRun, ClosedRuns, RunClose } from '../../session.js';
import type { BatchEnds, KnownBatches } from '../server/known-batches.js';
import type { Batch } from './batch.js';
import { BeatenError } from './beaten-error.js';
import type { ClaimedBatches, LockedEnds } from './claimed-batches.js';
import { json, orNull, text } from './literals.js';
import type { Literal } from './literals.js';
import { alikeEnds, hasTexts } from './run-end-groups.js';
import type { EndGroup } from './run-end-groups.js';
import { amongRuns } from './run-keys.js';
import { ADDED, COPIED, COPIED_NAMES, copyStatement, deleteRuns, UNLESS_THERE } from './run-moves.js';
import { BY_KEY } from './run-select.js';
import type { Scope } from './scope.js';
import { ValueColumns } from './value-columns.js';

export const TEXTS = 'detail, error, result, output';
export const KEEP_TEXTS = `ON DUPLICATE KEY UPDATE detail = VALUES(detail), error = VALUES(error), result = VALUES(result),
  output = VALUES(output)`;

/** What is looked at of a run that is to be closed. */
const LOOKED_AT = 'run_key, job_key, generation, token, has_texts';
const [KEY, JOB_KEY, GENERATION, TOKEN, HAS_TEXTS] = [0, 1, 2, 3, 4];
/** Where what is copied begins, if it is asked for. */
const WHOLE = 5;

const [FIRE_TIME, DUE_AT, SLOT, TEXTED] = ['fire_time', 'due_at', 'slot', 'has_texts'].map((name) =>
  COPIED_NAMES.indexOf(name),
);

/** A run of a batch that goes to history. */
interface Kept {
  readonly batch: Batch;
  readonly end: RunClose;
}

type Row = readonly (number | null)[];
type Ends = ReadonlyMap<number, RunClose>;

/** Ends held runs, each in its own way: one packet for the locks and the questions behind them, one for all that is written. */
export class RunCloser {
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly batches: ClaimedBatches,
  ) {
    this.tables = scope.place.tables;
  }

  async closeAll(all: readonly RunClose[]): Promise<ClosedRuns> {
    const { batched, single } = await this.sorted(all);
    // In this order: what is asked behind the locks sees who buffers a run behind one of them, or he has to wait for it.
    const [groups, fromSingles, seen] = await Promise.all([
      batched.length === 0 ? [] : this.batches.lockEnds(batched),
      single.length === 0 ? [] : this.closeSingles(single),
      this.lookAfter(),
    ]);
    if (groups.length > 0) this.closeBatches(groups);
    const runs = [...groups.flatMap(closedOf), ...fromSingles];
    const found = new Set(runs.map((run) => run.key));
    const missing = runs.length < all.length ? all.filter((end) => !found.has(end.key)) : [];
    if (this.scope.isHopeful && missing.length > 0) await this.lookElsewhere(missing, groups.length < batched.length);
    return { runs, ...seen };
  }

  /** By where they lie, as far as this process knows; on a second try, each is given a row of its own first. */
  private async sorted(all: readonly RunClose[]): Promise<ReturnType<KnownBatches<Batch>['sort']>> {
    if (this.scope.isHopeful) return this.scope.caches.batches.sort(all);
    await this.batches.splitRuns(all.map((end) => end.key));
    return { batched: [], single: all };
  }

  /** What is not where this process takes it to be may lie in a row of its own by now, or in one that it does not know. */
  private async lookElsewhere(ends: readonly RunClose[], isKnownMissing: boolean): Promise<void> {
    const isElsewhere = isKnownMissing || (await this.batches.holding(ends.map((end) => end.key))).length > 0;
    if (isElsewhere) throw new BeatenError();
  }

  /** Takes runs away that leave no history; their rows are locked. */
  deleteAll(runs: readonly { readonly key: number; readonly hasTexts: boolean }[]): void {
    const { statements } = this.scope;
    statements.send(
      deleteRuns(
        `${this.tables}single_runs`,
        runs.map((run) => run.key),
      ),
    );
    const texted = runs.filter((run) => run.hasTexts).map((run) => run.key);
    if (texted.length > 0) statements.send(deleteRuns(`${this.tables}run_texts`, texted));
  }

  private async closeSingles(all: readonly RunClose[]): Promise<ClosedRun[]> {
    const ends: Ends = new Map(all.map((end) => [end.key, end]));
    const groups = alikeEnds(all.filter((end) => end.keepHistory));
    const { rows } = await this.scope.statements.query(
      `SELECT ${LOOKED_AT}${groups === null ? `, ${COPIED}` : ''} FROM ${this.tables}single_runs ${BY_KEY}
       WHERE ${amongRuns([...ends.keys()])} AND state = ${STATE.running} ORDER BY run_key FOR UPDATE`,
    );
    const held = (rows as readonly Row[]).filter((row) => ends.get(row[KEY]!)!.token === row[TOKEN]);
    if (held.length > 0) this.move(held, ends, groups);
    return held.map((row) => ({ key: row[KEY]!, jobKey: row[JOB_KEY]!, generation: row[GENERATION]! }));
  }

  private closeBatches(groups: readonly LockedEnds[]): void {
    const kept = groups.flatMap(({ batch, ends }) =>
      ends.filter((end) => end.keepHistory).map((end): Kept => ({ batch, end })),
    );
    if (kept.length > 0) {
      this.scope.statements.send(this.historyStatement(kept));
      this.writeTexts(kept.map(({ end }) => end).filter(hasTexts));
    }
    this.batches.close(groups);
  }

  /** What was known when they were claimed, and how they ended: nothing of it has to be read. */
  private historyStatement(kept: readonly Kept[]): string {
    const { appKey, isMariaDb } = this.scope.place;
    const columns = new ValueColumns(kept.length);
    const ofBatch = (name: string, of: (batch: Batch, place: number) => number): string =>
      columns.add(
        name,
        kept.map(({ batch, end }) => of(batch, end.key - batch.key)),
      );
    const ofEnd = (name: string, of: (end: RunClose) => number | null): string =>
      columns.add(
        name,
        kept.map(({ end }) => of(end)),
      );
    const written = {
      run_key: ofEnd('run_key', (end) => end.key),
      job_key: ofBatch('job_key', (batch, place) => batch.jobKeys[place]),
      generation: ofBatch('generation', (batch, place) => batch.generations[place]),
      fire_time: ofBatch('fire_time', (batch, place) => batch.fireTimes[place]),
      shape_key: ofBatch('shape_key', (batch, place) => batch.shapeKeys[place]),
      created_at: ofBatch('created_at', (batch) => batch.createdAt),
      node_key: ofBatch('node_key', (batch) => batch.nodeKey),
      attempt: ofEnd('attempt', (end) => end.attempt),
      started_at: ofEnd('started_at', (end) => end.startedAt),
      settled_at: ofEnd('settled_at', (end) => end.at),
      state: ofEnd('state', (end) => STATE[end.outcome]),
      reason: ofEnd('reason', (end) => (end.reason === null ? null : REASON[end.reason])),
      has_texts: ofEnd('has_texts', (end) => (hasTexts(end) ? 1 : 0)),
      // A fire time that was skipped after all may be asked for again.
      slot: ofEnd('slot', (end) => (end.outcome === 'skipped' ? null : 0)),
    };
    return `INSERT INTO ${this.tables}runs (app_key, count, kind, token, is_count_exact, is_cancel_requested, is_forced,
        ${Object.keys(written).join(', ')})
      ${columns.table(isMariaDb)} SELECT ${appKey}, 1, ${KIND.scheduled}, 1, 1, 0, 0, ${Object.values(written).join(', ')}
      FROM v ${UNLESS_THERE(this.tables)}`;
  }

  private async lookAfter(): Promise<Pick<ClosedRuns, 'isAnyBuffered' | 'isAnyLoss'>> {
    const { statements, place } = this.scope;
    const { rows } = await statements.query(
      `SELECT EXISTS (SELECT 1 FROM ${this.tables}single_runs WHERE app_key = ${place.appKey} AND state = ${STATE.buffered}),
         EXISTS (SELECT 1 FROM ${this.tables}jobs WHERE app_key = ${place.appKey} AND losses > 0)`,
    );
    const [isAnyBuffered, isAnyLoss] = (rows[0] as number[]).map(Boolean);
    this.scope.caches.settlesWantJobs = isAnyBuffered || isAnyLoss;
    return { isAnyBuffered, isAnyLoss };
  }

  private move(held: readonly Row[], ends: Ends, groups: readonly EndGroup[] | null): void {
    const kept = held.filter((row) => ends.get(row[KEY]!)!.keepHistory);
    const away = held.filter((row) => !ends.get(row[KEY]!)!.keepHistory);
    if (kept.length > 0) {
      if (groups === null) this.writeRows(kept, ends);
      else this.copyGroups(kept, groups);
      this.writeTexts(kept.map((row) => ends.get(row[KEY]!)!).filter(hasTexts));
    }
    const gone = (row: Row) => ({ key: row[KEY]!, hasTexts: row[HAS_TEXTS] === 1 });
    this.deleteAll([...away.map(gone), ...kept.map((row) => ({ key: row[KEY]!, hasTexts: false }))]);
  }

  private copyGroups(kept: readonly Row[], groups: readonly EndGroup[]): void {
    const held = new Set(kept.map((row) => row[KEY]));
    for (const { end, keys } of groups) {
      const among = keys.filter((key) => held.has(key));
      if (among.length === 0) continue;
      const made = `${end.attempt}, ${orNull(end.startedAt)}`;
      this.scope.statements.send(copyStatement(this.tables, amongRuns(among), { end, made, addsTexts: hasTexts(end) }));
    }
  }

  private writeRows(kept: readonly Row[], ends: Ends): void {
    const rows = kept.map((row) => settledRow(row.slice(WHOLE), ends.get(row[KEY]!)!));
    this.scope.sendRows(`INSERT INTO ${this.tables}runs (${COPIED}, ${ADDED})`, rows, UNLESS_THERE(this.tables));
  }

  private writeTexts(ends: readonly RunClose[]): void {
    const texts = ends.map((end) => [end.key, ...textsOf(end)]);
    this.scope.sendRows(`INSERT INTO ${this.tables}run_texts (run_key, ${TEXTS})`, texts, KEEP_TEXTS);
  }
}

function closedOf({ batch, ends }: BatchEnds<Batch>): ClosedRun[] {
  return ends.map(({ key }) => {
    const place = key - batch.key;
    return { key, jobKey: batch.jobKeys[place], generation: batch.generations[place] };
  });
}

/** In the order of `COPIED` and `ADDED`. */
function settledRow(row: Row, end: RunClose): Literal[] {
  const copied = row.map(orNull);
  if (row[DUE_AT] === row[FIRE_TIME]) copied[DUE_AT] = 'NULL';
  // A fire time that was skipped after all may be asked for again.
  if (end.outcome === 'skipped') copied[SLOT] = 'NULL';
  if (hasTexts(end)) copied[TEXTED] = 1;
  const reason = end.reason === null ? null : REASON[end.reason];
  copied.push(end.attempt, orNull(end.startedAt), end.at, STATE[end.outcome], orNull(reason));
  return copied;
}

export function textsOf({ detail, error, result, output }: Omit<RunTexts, 'args'>): Literal[] {
  return [text(detail), json(error), json(result), text(output)];
}
