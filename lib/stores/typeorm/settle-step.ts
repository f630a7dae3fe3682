import type { ClaimKey, Instant, JobAfterwards, JobRecord, Renewal, Settlement } from '../../core/index.js';
import { closeTogether } from './close-together-step.js';
import type { RecentMap } from './recent-map.js';
import { BARE_END, isSettled } from './records.js';
import type { StoredJob } from './records.js';
import { promoteBehind } from './run-ends.js';
import type { ClaimState, JobUpdate, ReleasedRun, Session } from './session.js';
import { groupsOf, isPlain } from './settle-groups.js';
import type { Item, ItemGroup, OutcomeItem, WaitItem } from './settle-groups.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

const NOT_HELD: Renewal = Object.freeze({ held: false, cancelRequested: false });

/** Extends the leases whose token is still the latest. */
export function* renewClaims(session: Session, claims: readonly ClaimKey[], until: Instant): Steps<Renewal[]> {
  const keys = claims.map((claim) => session.runKey(claim.runId));
  const known = keys.filter((key) => key !== null);
  let states = yield* statesOf(session, known);
  const renewed = new Map<number, number[]>();
  claims.forEach((claim, index) => {
    const state = states.get(keys[index] ?? -1);
    if (!isHeldBy(claim, state)) return;
    const alike = renewed.get(state.token);
    if (alike === undefined) renewed.set(state.token, [state.key]);
    else alike.push(state.key);
  });
  let missing = 0;
  for (const [token, held] of renewed) missing += held.length - (yield* answer(session.held.renew(held, token, until)));
  // Another step, under way at the first look, has taken some: who is told that they are his would start them.
  if (missing > 0) states = yield* statesOf(session, known);
  return claims.map((claim, index): Renewal => {
    const state = states.get(keys[index] ?? -1);
    return isHeldBy(claim, state) ? { held: true, cancelRequested: state.isCancelRequested } : NOT_HELD;
  });
}

function isHeldBy(claim: ClaimKey, state: ClaimState | undefined): state is ClaimState {
  return state !== undefined && state.token === claim.token && state.state === 'running';
}

function* statesOf(session: Session, keys: readonly number[]): Steps<Map<number, ClaimState>> {
  if (keys.length === 0) return new Map();
  const states = yield* answer(session.held.states(keys));
  return new Map(states.map((state) => [state.key, state]));
}

/** Runs that were settled and left no row, by key: their token, for the case that the same settlement comes again. */
export type Departed = RecentMap<number, number>;

/** One batch of settlements. */
export class SettleStep {
  private readonly results: boolean[];
  /** Keys of runs that were closed, and whose jobs nobody has looked for. */
  private readonly closed: number[] = [];
  private readonly withoutLoss: number[] = [];
  /** How many runs were closed, by the key of their job. */
  private readonly closings = new Map<number, number>();
  /** Runs of this step that leave no row, by key: their token. */
  private readonly gone = new Map<number, number>();

  constructor(
    private readonly session: Session,
    private readonly settlements: readonly Settlement[],
    private readonly departed: Departed,
  ) {
    this.results = settlements.map(() => false);
  }

  /** Called when the step is durable: one that is rolled back leaves no trace (P7). */
  remember(): void {
    for (const [key, token] of this.gone) this.departed.set(key, token);
  }

  *run(): Steps<boolean[]> {
    return yield* this.session.held.closeAll === undefined ? this.runInGroups() : this.runTogether();
  }

  /** Where a statement is a round trip. Those that set something on their job come first: it locks jobs before runs. */
  private *runTogether(): Steps<boolean[]> {
    const together: OutcomeItem[] = [];
    const others: Item[] = [];
    this.settlements.forEach((settlement, index) => {
      const key = this.session.runKey(settlement.runId);
      if (key === null) return;
      const item: Item = { index, key, settlement };
      if (settlement.kind === 'outcome' && settlement.afterwards === null) together.push(item as OutcomeItem);
      else others.push(item);
    });
    const keys = [...others, ...together].map((item) => item.key);
    if (keys.length > 0) yield* answer(this.session.held.lockInOrder?.(keys, others.length > 0));
    if (others.length > 0) yield* this.settleOthers(others);
    if (together.length > 0) yield* this.closeTogether(together);
    if (others.length > 0 && (yield* answer(this.session.held.isAnyBuffered()))) yield* this.promoteBuffered();
    return this.results;
  }

  private *closeTogether(items: readonly OutcomeItem[]): Steps<void> {
    const held = yield* closeTogether(this.session, items, this.settlements[0].at);
    const missing: OutcomeItem[] = [];
    for (const item of items) {
      if (!held.has(item.key)) missing.push(item);
      else if (!item.settlement.keepHistory) this.gone.set(item.key, item.settlement.token);
      this.results[item.index] = held.has(item.key);
    }
    if (missing.length > 0) yield* this.lookAgain(missing);
  }

  private *runInGroups(): Steps<boolean[]> {
    const isAnyLoss = yield* answer(this.session.held.isAnyLoss());
    const isAnyBuffered = yield* answer(this.session.held.isAnyBuffered());
    // A row that goes away tells nobody afterwards what job it was of.
    const mayVanish = !isAnyLoss && !isAnyBuffered;
    const plain: OutcomeItem[] = [];
    const others: Item[] = [];
    this.settlements.forEach((settlement, index) => {
      const key = this.session.runKey(settlement.runId);
      if (key === null) return;
      const item: Item = { index, key, settlement };
      if (isPlain(item) && (mayVanish || item.settlement.keepHistory)) plain.push(item);
      else others.push(item);
    });
    if (plain.length > 0) yield* this.closePlain(plain);
    if (others.length > 0) yield* this.settleOthers(others);
    if (isAnyLoss && this.withoutLoss.length > 0) yield* answer(this.session.jobs.clearLosses(this.withoutLoss));
    if (isAnyBuffered) yield* this.promoteBuffered();
    return this.results;
  }

  /** Most runs leave nothing but their outcome: no look before the write, one statement for all that end alike. */
  private *closePlain(items: readonly OutcomeItem[]): Steps<void> {
    for (const group of groupsOf(items)) {
      const changed = yield* this.closeGroup(group);
      if (changed === group.keys.length) for (const { index } of group.items) this.results[index] = true;
      else yield* this.lookAgain(group.items);
      if (group.items[0].settlement.keepHistory) this.markClosed(group.items);
    }
  }

  private *closeGroup(group: ItemGroup<OutcomeItem>): Steps<number> {
    const { settlement } = group.items[0];
    if (settlement.keepHistory) return yield* answer(this.session.held.close(group, settlement));
    const gone = yield* answer(this.session.held.closeAway(group));
    for (const key of gone) this.gone.set(key, group.token);
    return gone.length;
  }

  /** Some were not held any more. The same settlement again finds its own outcome and token. */
  private *lookAgain(items: readonly OutcomeItem[]): Steps<void> {
    const states = yield* statesOf(
      this.session,
      items.map((item) => item.key),
    );
    for (const item of items) this.results[item.index] = this.wasDone(item, states.get(item.key));
  }

  private *settleOthers(items: readonly Item[]): Steps<void> {
    const states = yield* statesOf(
      this.session,
      items.map((item) => item.key),
    );
    const held = items.filter((item) => {
      const state = states.get(item.key);
      const isHeld = state?.state === 'running' && state.token === item.settlement.token;
      this.results[item.index] = isHeld || this.wasDone(item, state);
      return isHeld;
    });
    if (held.length === 0) return;
    const jobs = yield* this.jobsOf(held, states);
    yield* this.closeOthers(held.filter((item): item is OutcomeItem => item.settlement.kind === 'outcome'));
    for (const item of yield* this.release(held, jobs)) {
      if (item.settlement.kind !== 'outcome') yield* this.wait(item as WaitItem, jobs.get(item.key)!);
      else yield* this.finishOther(item as OutcomeItem, { state: states.get(item.key)!, job: jobs.get(item.key)! });
    }
  }

  private wasDone(item: Item, state: ClaimState | undefined): boolean {
    if (state === undefined) return (this.gone.get(item.key) ?? this.departed.get(item.key)) === item.settlement.token;
    if (item.settlement.kind === 'outcome') return wasSettled(item as OutcomeItem, state);
    return state.token === item.settlement.token && state.state === 'waiting';
  }

  private *closeOthers(items: readonly OutcomeItem[]): Steps<void> {
    for (const group of groupsOf(items)) yield* this.closeGroup(group);
  }

  private *finishOther(item: OutcomeItem, { state, job }: { state: ClaimState; job: StoredJob }): Steps<void> {
    const { settlement, key } = item;
    const { detail, error, result, output, keepHistory, afterwards, at } = settlement;
    if (keepHistory) yield* answer(this.session.held.writeTexts(key, { detail, error, result, output }));
    this.countClosing(state.jobKey);
    if (job.isRemoved || job.record.generation !== state.generation) return;
    const losses = settlement.outcome === 'lost' ? job.record.losses : 0;
    if (afterwards === null && losses === job.record.losses) return;
    const [now] = yield* answer(this.session.jobs.byKeys([job.key]));
    const after = afterwards === null ? now.record : afterClose(now.record, afterwards, at);
    const update: JobUpdate = { job: now, after: { ...after, losses } };
    yield* answer(this.session.jobs.update([update]));
  }

  private *wait(item: WaitItem, job: StoredJob): Steps<void> {
    const { settlement, key } = item;
    const [group] = groupsOf([item]);
    if (job.isRemoved) yield* this.endOrphan(item);
    else if (settlement.kind === 'retry') {
      yield* answer(this.session.held.wait(group, settlement.dueAt));
      yield* answer(this.session.held.writeError(key, settlement.error));
    }
  }

  /** All that is given back goes together: a stop gives back hundreds. Answers the others. */
  private *release(held: readonly Item[], jobs: ReadonlyMap<number, StoredJob>): Steps<readonly Item[]> {
    const isReleased = (item: Item): boolean => item.settlement.kind === 'release' && !jobs.get(item.key)!.isRemoved;
    const released = held.filter(isReleased) as WaitItem[];
    if (released.length === 0) return held;
    yield* answer(this.session.held.release(released.map(releasedOf)));
    return held.filter((item) => !isReleased(item));
  }

  /** Nobody will claim a run of a removed job again. */
  private *endOrphan({ settlement, key }: WaitItem): Steps<void> {
    const [run] = yield* answer(this.session.runs.byKeys([key]));
    if (settlement.kind === 'release') {
      yield* answer(this.session.runs.delete([run]));
      return;
    }
    const detail = 'its job was removed';
    yield* answer(
      this.session.runs.end([run], { ...BARE_END, outcome: 'failed', at: settlement.at, detail, keepHistory: true }),
    );
    yield* answer(this.session.held.writeTexts(key, { ...BARE_END, detail, error: settlement.error }));
  }

  /** Those that were refused closed nothing: they say nothing about their jobs (P7). */
  private markClosed(items: readonly OutcomeItem[]): void {
    for (const { index, key, settlement } of items) {
      if (!this.results[index]) continue;
      this.closed.push(key);
      if (settlement.outcome !== 'lost') this.withoutLoss.push(key);
    }
  }

  private *jobsOf(items: readonly Item[], states: Map<number, ClaimState>): Steps<Map<number, StoredJob>> {
    const keys = new Set(items.map((item) => states.get(item.key)!.jobKey));
    const byKey = new Map<number, StoredJob>();
    for (const job of yield* answer(this.session.jobs.byKeys([...keys]))) byKey.set(job.key, job);
    return new Map(items.map((item) => [item.key, byKey.get(states.get(item.key)!.jobKey)!]));
  }

  private countClosing(jobKey: number): void {
    this.closings.set(jobKey, (this.closings.get(jobKey) ?? 0) + 1);
  }

  /** The step that closes a run gives its place to the next one. */
  private *promoteBuffered(): Steps<void> {
    for (const { jobKey } of (yield* statesOf(this.session, this.closed)).values()) this.countClosing(jobKey);
    yield* promoteBehind(this.session, this.closings, this.settlements[0].at);
  }
}

function releasedOf({ key, settlement: { token, attempt, dueAt } }: WaitItem): ReleasedRun {
  return { key, token, attempt, dueAt };
}

function wasSettled({ settlement }: OutcomeItem, state: ClaimState | undefined): boolean {
  return state !== undefined && state.token === settlement.token && isSettled(state.state);
}

function afterClose(job: JobRecord, afterwards: JobAfterwards, at: Instant): JobRecord {
  const { pause = job.pause, fireTime = null, dueAt = null, finished } = afterwards;
  const after: JobRecord = { ...job, version: job.version + 1, pause };
  // A job that has a fire time was rescheduled while the run was open, and may have come to its end since: neither another one
  // nor an end is meant for it.
  if (job.fireTime !== null || job.status === 'finished') return after;
  const end = finished === undefined ? {} : ({ status: 'finished', statusReason: finished, statusAt: at } as const);
  return { ...after, fireTime, dueAt, ...end };
}
