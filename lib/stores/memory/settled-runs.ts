import type { JsonValue, Outcome, RunError, RunKind, RunRecord, SkipReason } from '../../core/index.js';

/** What most settled runs have in common, also those of different jobs; they share one object of it. */
interface Particulars {
  readonly task: string;
  readonly node: string | null;
  readonly args: readonly JsonValue[] | null;
  readonly reason: SkipReason | null;
  readonly detail: string | null;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  readonly output: string | null;
}

const KINDS: readonly RunKind[] = ['scheduled', 'start', 'manual', 'backfill'];
const OUTCOMES: readonly Outcome[] = ['succeeded', 'failed', 'timedOut', 'cancelled', 'lost', 'skipped'];

const PAGE_SIZE = 1_024;

/** Fields of an entry among a page's instants and other large numbers. */
const AT = {
  serial: 0,
  fireTime: 1,
  firstFireTime: 2,
  dueAt: 3,
  createdAt: 4,
  startedAt: 5,
  settledAt: 6,
  generation: 7,
} as const;
const INSTANTS = 8;

/** Fields of an entry among a page's small numbers. */
const IN = { next: 0, attempt: 1, token: 2, count: 3, flags: 4 } as const;
const NUMBERS = 5;

const EXACT = 1;
const CANCEL_REQUESTED = 2;
const FORCED = 4;
const KIND_SHIFT = 3;
const OUTCOME_SHIFT = 5;

class Page {
  readonly instants = new Float64Array(PAGE_SIZE * INSTANTS);
  readonly numbers = new Int32Array(PAGE_SIZE * NUMBERS);
  readonly particulars = new Array<Particulars | undefined>(PAGE_SIZE).fill(undefined);
}

/**
 * Settled runs, packed. A job keeps 20 of them, so 100,000 jobs that run each second would hold two million records: as
 * objects 800 MB that the garbage collector walks through again and again, here 190 MB that it never looks into.
 *
 * Entries are numbers from 0; each names the next of its chain, or -1.
 */
export class SettledRuns {
  private readonly pages: Page[] = [];
  private used = 0;
  private firstFree = -1;
  private latest: Particulars | null = null;

  /** Writes the run; `neighbour` is an entry of the same job (or -1), whose particulars are shared where they are equal. */
  add(run: RunRecord, serial: number, neighbour: number): number {
    const entry = this.allocate();
    const page = this.pageOf(entry);
    const place = entry % PAGE_SIZE;
    writeInstants(page, place, run, serial);
    page.numbers[place * NUMBERS + IN.next] = -1;
    page.numbers[place * NUMBERS + IN.attempt] = run.attempt;
    page.numbers[place * NUMBERS + IN.token] = run.token;
    page.numbers[place * NUMBERS + IN.count] = run.count;
    page.numbers[place * NUMBERS + IN.flags] = flagsOf(run);
    page.particulars[place] = this.particularsOf(run, neighbour);
    return entry;
  }

  free(entry: number): void {
    const page = this.pageOf(entry);
    page.particulars[entry % PAGE_SIZE] = undefined;
    this.link(entry, this.firstFree);
    this.firstFree = entry;
  }

  next(entry: number): number {
    return this.number(entry, IN.next);
  }

  link(entry: number, next: number): void {
    this.pageOf(entry).numbers[(entry % PAGE_SIZE) * NUMBERS + IN.next] = next;
  }

  serial(entry: number): number {
    return this.instant(entry, AT.serial);
  }

  fireTime(entry: number): number {
    return this.instant(entry, AT.fireTime);
  }

  firstFireTime(entry: number): number {
    return this.instant(entry, AT.firstFireTime);
  }

  settledAt(entry: number): number {
    return this.instant(entry, AT.settledAt);
  }

  generation(entry: number): number {
    return this.instant(entry, AT.generation);
  }

  token(entry: number): number {
    return this.number(entry, IN.token);
  }

  kind(entry: number): RunKind {
    return KINDS[(this.number(entry, IN.flags) >> KIND_SHIFT) & 3];
  }

  outcome(entry: number): Outcome {
    return OUTCOMES[this.number(entry, IN.flags) >> OUTCOME_SHIFT];
  }

  particulars(entry: number): Particulars {
    return this.pageOf(entry).particulars[entry % PAGE_SIZE]!;
  }

  /** Lets a skip record cover more fire times. */
  extend(entry: number, by: Pick<RunRecord, 'fireTime' | 'count' | 'countIsExact'>, at: number): void {
    const page = this.pageOf(entry);
    const place = entry % PAGE_SIZE;
    page.instants[place * INSTANTS + AT.fireTime] = by.fireTime;
    page.instants[place * INSTANTS + AT.dueAt] = by.fireTime;
    page.instants[place * INSTANTS + AT.settledAt] = at;
    page.numbers[place * NUMBERS + IN.count] += by.count;
    if (!by.countIsExact) page.numbers[place * NUMBERS + IN.flags] &= ~EXACT;
  }

  read(entry: number, id: string, jobId: string): RunRecord {
    const { instants, numbers } = this.pageOf(entry);
    const from = (entry % PAGE_SIZE) * INSTANTS;
    const started = instants[from + AT.startedAt];
    const flags = this.number(entry, IN.flags);
    return {
      id,
      jobId,
      jobGeneration: this.generation(entry),
      ...this.particulars(entry),
      kind: this.kind(entry),
      fireTime: instants[from + AT.fireTime],
      firstFireTime: instants[from + AT.firstFireTime],
      count: numbers[(entry % PAGE_SIZE) * NUMBERS + IN.count],
      countIsExact: (flags & EXACT) !== 0,
      dueAt: instants[from + AT.dueAt],
      state: this.outcome(entry),
      attempt: this.number(entry, IN.attempt),
      token: this.token(entry),
      leaseUntil: null,
      cancelRequested: (flags & CANCEL_REQUESTED) !== 0,
      forced: (flags & FORCED) !== 0,
      createdAt: instants[from + AT.createdAt],
      startedAt: Number.isNaN(started) ? null : started,
      settledAt: instants[from + AT.settledAt],
    };
  }

  private allocate(): number {
    const reused = this.firstFree;
    if (reused >= 0) {
      this.firstFree = this.next(reused);
      return reused;
    }
    if (this.used === this.pages.length * PAGE_SIZE) this.pages.push(new Page());
    return this.used++;
  }

  private pageOf(entry: number): Page {
    return this.pages[Math.floor(entry / PAGE_SIZE)];
  }

  private instant(entry: number, field: number): number {
    return this.pageOf(entry).instants[(entry % PAGE_SIZE) * INSTANTS + field];
  }

  private number(entry: number, field: number): number {
    return this.pageOf(entry).numbers[(entry % PAGE_SIZE) * NUMBERS + field];
  }

  private particularsOf(run: RunRecord, neighbour: number): Particulars {
    if (this.latest !== null && isSame(this.latest, run)) return this.latest;
    const shared = neighbour < 0 ? null : this.particulars(neighbour);
    if (shared !== null && isSame(shared, run)) return shared;
    const { task, node, args, reason, detail, error, result, output } = run;
    this.latest = { task, node, args, reason, detail, error, result, output };
    return this.latest;
  }
}

function writeInstants(page: Page, place: number, run: RunRecord, serial: number): void {
  const { instants } = page;
  const from = place * INSTANTS;
  instants[from + AT.serial] = serial;
  instants[from + AT.fireTime] = run.fireTime;
  instants[from + AT.firstFireTime] = run.firstFireTime;
  instants[from + AT.dueAt] = run.dueAt;
  instants[from + AT.createdAt] = run.createdAt;
  instants[from + AT.startedAt] = run.startedAt ?? Number.NaN;
  instants[from + AT.settledAt] = run.settledAt ?? run.createdAt;
  instants[from + AT.generation] = run.jobGeneration;
}

function flagsOf(run: RunRecord): number {
  let flags = run.countIsExact ? EXACT : 0;
  if (run.cancelRequested) flags |= CANCEL_REQUESTED;
  if (run.forced) flags |= FORCED;
  return flags | (KINDS.indexOf(run.kind) << KIND_SHIFT) | (OUTCOMES.indexOf(run.state as Outcome) << OUTCOME_SHIFT);
}

function isSame(shared: Particulars, run: RunRecord): boolean {
  return (
    shared.task === run.task &&
    shared.node === run.node &&
    shared.args === run.args &&
    shared.reason === run.reason &&
    shared.detail === run.detail &&
    shared.error === run.error &&
    shared.result === run.result &&
    shared.output === run.output
  );
}
