import type { Instant } from '../../../../core/index.js';
import { KIND, RUN_STATES, STATE } from '../../codes.js';
import type { RunDraft } from '../../records.js';
import type { ClaimState } from '../../session.js';
import { BATCH_SIZE } from '../server/known-batches.js';
import type { BatchEnds, KnownBatch } from '../server/known-batches.js';
import { BATCH_COLUMNS, batchOf, openPlaces, rowOf, runsTextOf } from './batch.js';
import type { Batch, BatchRow } from './batch.js';
import { deleteByKeys, inList } from './literals.js';
import type { Literal } from './literals.js';
import { BY_KEY } from './run-select.js';
import type { Scope } from './scope.js';

/** Ends that are to be written to a locked row. */
export interface LockedEnds extends BatchEnds<Batch> {
  /** As the row says it. */
  readonly ended: string;
}

/** Columns of a row of `single_runs` that is written out of a batch. */
const SINGLE = `run_key, job_key, generation, fire_time, created_at, app_key, shape_key, count, attempt, token, node_key, kind,
  state, slot, is_count_exact, is_cancel_requested, is_forced, has_texts, due_at, wants_at, lease_until`;

/**
 * Plain runs of a claim, many in a row: that is what most runs are from their claim to their end. Whatever else a step wants
 * of one takes its row apart first, into a row of `single_runs` for each. Rows are locked in the order of their keys by every
 * step, behind jobs and before runs (P27).
 */
export class ClaimedBatches {
  /** Jobs with runs that another step was at when this one, which claims, wanted them. */
  readonly busyJobs = new Set<number>();
  private readonly table: string;

  constructor(private readonly scope: Scope) {
    this.table = `${scope.place.tables}claimed_batches`;
  }

  /** Keys follow each other from `first` on. */
  write(drafts: readonly RunDraft[], first: number, nodeKey: number): void {
    const written: Batch[] = [];
    for (let from = 0; from < drafts.length; from += BATCH_SIZE) {
      written.push(batchOf(first + from, drafts.slice(from, from + BATCH_SIZE), nodeKey));
    }
    const { leaseUntil } = drafts[0].claim!;
    const rows = written.map((batch): Literal[] => {
      const { key, createdAt, open } = batch;
      const owned = [this.scope.place.appKey, nodeKey, open, open];
      return [key, createdAt, leaseUntil, ...owned, `'${'0'.repeat(open)}'`, `'${runsTextOf(batch)}'`];
    });
    this.scope.sendRows(
      `INSERT INTO ${this.table} (batch_key, created_at, lease_until, app_key, node_key, size, open_count, ended, runs)`,
      rows,
    );
    this.scope.onCommit(() => {
      for (const batch of written) this.scope.caches.batches.add(batch);
    });
  }

  /** Takes apart the rows in which these runs lie. What another step has taken apart already is no longer known here, too. */
  async splitRuns(keys: readonly number[]): Promise<void> {
    await this.split(await this.holding(keys));
    this.forgetOf(keys);
  }

  /** Locks the rows in which these runs lie. */
  async lockRuns(keys: readonly number[]): Promise<void> {
    await this.lock(await this.holding(keys));
  }

  /** Takes apart the rows in which open runs of these jobs lie; false: there are none, nor was one just taken apart. */
  async splitJobs(jobKeys: readonly number[]): Promise<boolean> {
    const wanted = new Set(jobKeys);
    const { rows } = await this.scope.statements.query(
      `SELECT batch_key, ended FROM ${this.table} WHERE app_key = ${this.scope.place.appKey}`,
    );
    if (rows.length === 0) return false;
    const all = await this.known(rows as unknown as [number, string][]);
    const holds = ({ jobKeys: own }: KnownBatch, ended: string): boolean =>
      own.some((jobKey, place) => wanted.has(jobKey) && ended[place] === '0');
    const held = all.flatMap(([batch, ended]) => (holds(batch, ended) ? [batch] : []));
    // A row that went between two looks has left its runs in `single_runs`, behind whoever looked there before.
    if (held.length === 0) return all.length < rows.length;
    const split = new Set(await this.split(held.map((batch) => batch.key)));
    for (const { key, jobKeys: own } of held) if (!split.has(key)) for (const jobKey of own) this.busyJobs.add(jobKey);
    return true;
  }

  /** Rows whose lease ended at or before `until`, locked; what another node is at is left to it. */
  async lockEnded(until: Instant, limit: number): Promise<BatchRow[]> {
    const { rows } = await this.scope.statements.query(
      `SELECT ${BATCH_COLUMNS} FROM ${this.table} FORCE INDEX (claimed_batches_lease)
       WHERE app_key = ${this.scope.place.appKey} AND lease_until <= ${until}
       ORDER BY lease_until LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
    );
    return rows.map(rowOf);
  }

  /** Takes locked rows apart. */
  splitRows(rows: readonly BatchRow[]): void {
    const { appKey } = this.scope.place;
    const runs = rows.flatMap((row) => openPlaces(row).map((place) => singleRow(row, place, appKey)));
    if (runs.length > 0) this.scope.sendRows(`INSERT INTO ${this.scope.place.tables}single_runs (${SINGLE})`, runs);
    this.scope.statements.send(this.deleteRows(rows.map((row) => row.key)));
    this.forgetOf(rows.map((row) => row.key));
  }

  /** Renews rows of which every open run is named; answers the keys of the runs that are left to be renewed by themselves. */
  async renew(keys: readonly number[], until: Instant): Promise<number[]> {
    const { whole, rest } = this.scope.caches.batches.wholeOf(keys);
    if (whole.length > 0) {
      const there = new Map((await this.lock(whole.map(({ batch }) => batch.key))).map((row) => [row.key, row]));
      const renewed = whole.filter(({ batch }) => there.get(batch.key)?.open === batch.open);
      for (const it of whole) if (!renewed.includes(it)) rest.push(...it.keys);
      if (renewed.length > 0) {
        const among = inList(renewed.map(({ batch }) => batch.key));
        this.scope.statements.send(
          `UPDATE ${this.table} ${BY_KEY} SET lease_until = ${until} WHERE batch_key IN (${among})`,
        );
      }
    }
    // Others too than this process knows of: it may have forgotten theirs.
    if (rest.length > 0) await this.splitRuns(rest);
    return rest;
  }

  /** Locks the rows; answers the groups of those in which all that are named are held. */
  async lockEnds(groups: readonly BatchEnds<Batch>[]): Promise<readonly LockedEnds[]> {
    const { rows } = await this.scope.statements.query(
      `SELECT batch_key, ended FROM ${this.table} ${BY_KEY}
       WHERE batch_key IN (${inList(groups.map(({ batch }) => batch.key))})
       ORDER BY batch_key FOR UPDATE`,
    );
    const there = new Map(rows as unknown as [number, string][]);
    return groups.flatMap((group): LockedEnds[] => {
      const { batch, ends } = group;
      const ended = there.get(batch.key);
      const isHeld = ended !== undefined && ends.every(({ key }) => ended[key - batch.key] === '0');
      return isHeld ? [{ ...group, ended }] : [];
    });
  }

  /** Takes ends out of locked rows, and away with those of which nothing is left. */
  close(groups: readonly LockedEnds[]): void {
    const gone: number[] = [];
    for (const { batch, isNamed, ended } of groups) {
      const left = [...ended].map((bit, place) => (isNamed[place] === 1 ? '1' : bit));
      const open = left.filter((bit) => bit === '0').length;
      if (open === 0) gone.push(batch.key);
      else {
        const set = `open_count = ${open}, ended = '${left.join('')}'`;
        this.scope.statements.send(`UPDATE ${this.table} SET ${set} WHERE batch_key = ${batch.key}`);
      }
    }
    if (gone.length > 0) this.scope.statements.send(this.deleteRows(gone));
    const { batches } = this.scope.caches;
    this.scope.onCommit(() => {
      for (const { batch, ends } of groups) {
        batches.leave(
          batch,
          ends.map((end) => end.key),
        );
      }
    });
  }

  /** States of those of these runs that lie in such rows, seen without a lock. */
  async states(keys: readonly number[]): Promise<ClaimState[]> {
    const { batches } = this.scope.caches;
    const known = new Map<number, Batch>();
    for (const key of keys) {
      const batch = batches.of(key);
      if (batch !== null) known.set(batch.key, batch);
    }
    if (known.size === 0) return [];
    const { rows } = await this.scope.statements.query(
      `SELECT batch_key, ended FROM ${this.table} WHERE batch_key IN (${inList(known.keys())})`,
    );
    const there = new Map(rows as unknown as [number, string][]);
    return keys.flatMap((key) => {
      const batch = batches.of(key);
      return batch !== null && there.get(batch.key)?.[key - batch.key] === '0' ? [stateOf(batch, key)] : [];
    });
  }

  /** As `states`, of runs that this process does not know. */
  async statesOfOthers(keys: readonly number[]): Promise<ClaimState[]> {
    const rows = await this.read(await this.holding(keys));
    const wanted = new Set(keys);
    return rows.flatMap((row) =>
      openPlaces(row).flatMap((place) => (wanted.has(row.key + place) ? [stateOf(row, row.key + place)] : [])),
    );
  }

  /** Keys of the rows in which these runs lie, seen without a lock. */
  async holding(keys: readonly number[]): Promise<number[]> {
    const [first, last] = [Math.min, Math.max].map((of) => of(...keys));
    const { rows } = await this.scope.statements.query(
      `SELECT batch_key, size FROM ${this.table} WHERE app_key = ${this.scope.place.appKey}
       AND batch_key BETWEEN ${first - BATCH_SIZE + 1} AND ${last}`,
    );
    const held = (rows as unknown as [number, number][]).filter(([batch, size]) =>
      keys.some((key) => key >= batch && key < batch + size),
    );
    return held.map(([batch]) => batch);
  }

  /** Answers the keys of those that were there to be taken apart. */
  private async split(keys: readonly number[]): Promise<number[]> {
    const rows = await this.lock(keys);
    if (rows.length > 0) this.splitRows(rows);
    return rows.map((row) => row.key);
  }

  /** Who claims holds runs already, and waits for nobody. */
  private lock(keys: readonly number[]): Promise<BatchRow[]> {
    return this.read(keys, this.scope.isClaiming ? 'FOR UPDATE SKIP LOCKED' : 'FOR UPDATE');
  }

  private async read(keys: readonly number[], lock = ''): Promise<BatchRow[]> {
    if (keys.length === 0) return [];
    const { rows } = await this.scope.statements.query(
      `SELECT ${BATCH_COLUMNS} FROM ${this.table} ${BY_KEY} WHERE batch_key IN (${inList(keys)}) ORDER BY batch_key ${lock}`,
    );
    return rows.map(rowOf);
  }

  /** What lies in rows, of which mostly all are known: jobs in a row never change. */
  private async known(rows: readonly [key: number, ended: string][]): Promise<[KnownBatch, string][]> {
    const { batches } = this.scope.caches;
    const found = new Map<number, KnownBatch>();
    for (const [key] of rows) {
      const batch = batches.of(key);
      if (batch?.key === key) found.set(key, batch);
    }
    const missing = rows.flatMap(([key]) => (found.has(key) ? [] : [key]));
    for (const row of await this.read(missing)) found.set(row.key, row);
    return rows.flatMap(([key, ended]): [KnownBatch, string][] => (found.has(key) ? [[found.get(key)!, ended]] : []));
  }

  private forgetOf(runKeys: readonly number[]): void {
    const { batches } = this.scope.caches;
    this.scope.onCommit(() => {
      for (const key of runKeys) {
        const batch = batches.of(key);
        if (batch !== null) batches.forget(batch);
      }
    });
  }

  private deleteRows(keys: readonly number[]): string {
    return deleteByKeys(this.table, 'batch_key', keys);
  }
}

function stateOf({ key: first, jobKeys, generations }: KnownBatch, key: number): ClaimState {
  return {
    key,
    jobKey: jobKeys[key - first],
    generation: generations[key - first],
    state: RUN_STATES[STATE.running],
    token: 1,
    isCancelRequested: false,
  };
}

/** In the order of `SINGLE`. */
function singleRow(row: BatchRow, place: number, appKey: number): Literal[] {
  const { key, createdAt, leaseUntil, nodeKey, jobKeys, generations, fireTimes, shapeKeys } = row;
  const [fireTime, shapeKey] = [fireTimes[place], shapeKeys[place]];
  return [
    ...[key + place, jobKeys[place], generations[place], fireTime, createdAt, appKey, shapeKey, 1, 1, 1, nodeKey],
    ...[KIND.scheduled, STATE.running, 0, 1, 0, 0, 0, fireTime, leaseUntil, leaseUntil],
  ];
}
