import type {
  Awaitable,
  Instant,
  JobDefinition,
  JobFilter,
  JobPause,
  JobRecord,
  Millis,
  NodeRecord,
  RunFilter,
  RunPage,
  RunRecord,
  Trigger,
} from '../core/index.js';
import { SchedulerStateError } from './errors.js';
import { Facts } from './facts.js';
import { ApplicationPause } from './manage/application-pause.js';
import { CodeJobs } from './manage/code-jobs.js';
import type { StartReport } from './manage/code-jobs.js';
import { DrivenJobs } from './manage/driven-jobs.js';
import type { Driver, Tick } from './manage/driven-jobs.js';
import { JobCommands } from './manage/job-commands.js';
import type { AddOptions } from './manage/job-adding.js';
import type { JobChanges, PauseOptions, ResumeOptions } from './manage/job-commands.js';
import type { PreviewFire } from './manage/fire-line.js';
import { preview } from './manage/preview.js';
import type { Cuttable } from './manage/preview.js';
import { RunCommands } from './manage/run-commands.js';
import type { BackfillWindow, RunNowOptions } from './manage/run-commands.js';
import { pruneAll } from './manage/prune-history.js';
import { scheduleDiff } from './manage/schedule-diff.js';
import type { ScheduleDiff } from './manage/schedule-diff.js';
import { Stores } from './manage/stores.js';
import type { LocatedJob } from './manage/stores.js';
import { Explanations } from './manage/why.js';
import type { Why } from './manage/why.js';
import { enterStartRuns } from './manage/start-runs.js';
import { Quiet } from './quiet.js';
import { runThrough, type RunThroughOptions } from './run-through.js';
import { isPassive } from './scheduler-parts.js';
import type { SchedulerParts } from './scheduler-parts.js';
import { eachInTurn, then } from './settled.js';
import { shutDown } from './shut-down.js';
import { Slots } from './slots.js';
import { StoreNode } from './store-node.js';

export type SchedulerState = 'new' | 'open' | 'running' | 'stopping' | 'stopped';

/** An attempt that runs on this node now. */
export interface OpenAttempt {
  readonly jobId: string;
  readonly runId: string;
  readonly startedAt: Instant;
}

/**
 * One scheduler: claims what is due in its stores, hands it to executors, and says what became of it.
 *
 * With stores of this process only, `open`, `putCode` and `start` answer at once, and nothing is awaited between a
 * timer's callback and the first line of a handler.
 *
 * @example
 * const scheduler = new Scheduler(parts);
 * await scheduler.open();
 * await scheduler.putCode(definitions);
 * await scheduler.start();
 */
export class Scheduler {
  private current: SchedulerState = 'new';
  private readonly facts: Facts;
  private readonly nodesByStore = new Map<string, StoreNode>();
  /** The same: each end of an attempt looks at all of them. */
  private readonly storeNodes: readonly StoreNode[];
  private readonly slots = new Map<string, Slots>();
  private readonly stores: Stores;
  private readonly jobs: JobCommands;
  private readonly runCommands: RunCommands;
  private readonly codeJobs: CodeJobs;
  private readonly driven: DrivenJobs;
  private readonly explanations: Explanations;
  private readonly pauses: ApplicationPause;
  private readonly quiet: Quiet;
  private stopped: Promise<void> | null = null;
  private hasStarted = false;

  constructor(private readonly parts: SchedulerParts) {
    this.facts = new Facts(parts.events, parts.clock, parts.node.id);
    for (const [name, executor] of parts.executors) {
      this.slots.set(name, new Slots(name, executor, () => this.roomMade()));
    }
    this.quiet = new Quiet(parts.clock, this.nodesByStore);
    const shared = {
      parts,
      facts: this.facts,
      slots: this.slots,
      changed: (): void => this.quiet.look(),
      pauseRead: (pause: JobPause | null): void => this.pauses.heard(pause),
    };
    for (const [alias, store] of parts.stores) this.nodesByStore.set(alias, new StoreNode(store, shared));
    this.storeNodes = [...this.nodesByStore.values()];
    this.stores = new Stores(this.nodesByStore);
    this.jobs = new JobCommands(parts, this.stores, this.facts);
    this.runCommands = new RunCommands(parts, this.stores, this.facts);
    this.driven = new DrivenJobs(parts.triggers, this.stores, this.runCommands, this.facts);
    this.codeJobs = new CodeJobs(parts, this.stores, this.facts);
    this.pauses = new ApplicationPause(parts, this.stores, this.facts);
    this.explanations = new Explanations(parts, this.stores, this.codeJobs);
  }

  get state(): SchedulerState {
    return this.current;
  }

  /** Opens executors and stores; calls of the registry work from here on. */
  open(): Awaitable<void> {
    this.expect('open', ['new']);
    const executors = eachInTurn([...this.parts.executors.values()], (executor) => executor.open?.());
    const opened = then(executors, () => eachInTurn(this.stores.all(), (node) => node.open()));
    return then(opened, () => {
      this.current = 'open';
    });
  }

  /** Puts the jobs of the code into their stores and says what that changed. Once, before `start`. */
  putCode(definitions: readonly JobDefinition[]): Awaitable<StartReport> {
    this.expect('putCode', ['open', 'running']);
    return this.codeJobs.put(definitions);
  }

  /** Begins to claim; with `enabled: false`, or as a worker or client, it never does. */
  start(): Awaitable<void> {
    this.expect('start', ['open']);
    this.current = 'running';
    // Shared ones first: they tell of a pause of the application, which jobs of this process obey from the start.
    const nodes = this.isPassive ? [] : [...this.stores.all()].sort((a, b) => order(a) - order(b));
    const begun = eachInTurn(nodes, (node) => this.begin(node));
    const { role } = this.parts.options;
    const data = { isPassive: this.isPassive, ...this.codeJobs.summary, ...(role === 'worker' ? { role } : {}) };
    return then(begun, () => {
      if (!this.isRunning) return;
      this.hasStarted = true;
      this.facts.tell('scheduler.started', { data });
    });
  }

  /**
   * Claims no more, waits for open attempts, aborts them at the deadline, writes their outcomes; no timer is left.
   *
   * @param timeout milliseconds until open attempts are aborted; default: the option `shutdownTimeout`
   */
  stop(timeout: Millis = this.parts.options.shutdownTimeout): Promise<void> {
    this.stopped ??= this.end(timeout);
    return this.stopped;
  }

  add(definitions: readonly JobDefinition[], options: AddOptions): Awaitable<JobRecord[]> {
    return this.jobs.add(definitions, options);
  }

  get(id: string): Awaitable<LocatedJob | null> {
    return then(this.jobs.get(id), (found) => (found === null ? null : this.located(found)));
  }

  /** Ordered by id, over all stores. */
  list(filter?: JobFilter & { readonly store?: string }): Awaitable<LocatedJob[]> {
    return then(this.jobs.list(filter), (found) => found.map((located) => this.located(located)));
  }

  /** Jobs of the code with `enabled: false`, which no store keeps. */
  notEnabled(): readonly JobDefinition[] {
    return this.codeJobs.notEnabled;
  }

  pause(id: string, options: PauseOptions): Awaitable<JobRecord> {
    return this.seenLater(this.jobs.pause(id, options));
  }

  resume(id: string, options: ResumeOptions): Awaitable<JobRecord> {
    return this.seenLater(this.jobs.resume(id, options));
  }

  /** No job makes runs on any node, but those with `evenInMaintenanceMode`. */
  pauseAll(options: PauseOptions): Awaitable<void> {
    return this.pauses.begin(options);
  }

  resumeAll(): Awaitable<void> {
    return this.pauses.end();
  }

  /** The application's pause; null: it is not paused. */
  isPaused(): Awaitable<JobPause | null> {
    return this.pauses.read();
  }

  reschedule(id: string, trigger: Trigger, timezone?: string): Awaitable<JobRecord> {
    return this.seenLater(this.jobs.reschedule(id, trigger, timezone));
  }

  modify(id: string, changes: JobChanges): Awaitable<JobRecord> {
    return this.seenLater(this.jobs.modify(id, changes));
  }

  remove(id: string): Awaitable<JobRecord> {
    return this.jobs.remove(id);
  }

  runNow(id: string, options: RunNowOptions): Awaitable<RunRecord> {
    return this.runCommands.runNow(id, options);
  }

  /** A job of a driven trigger, in a store of this process, has its fire times from there; null: from nowhere. */
  driveBy(id: string, driver: Driver | null): void {
    this.driven.drive(id, driver);
  }

  /**
   * The driver of a job fired: makes a scheduled run, which starts before the call returns where a slot is free.
   *
   * @returns null: a pause stands in the way, it is for another process (`before`), or the job is gone
   */
  tick(id: string, tick: Tick): Awaitable<RunRecord | null> {
    return this.parts.options.plans ? this.driven.tick(id, tick) : null;
  }

  /** Tries a settled run once more, as a manual run with the same arguments. */
  retry(runId: string): Awaitable<RunRecord> {
    return this.runCommands.retry(runId);
  }

  cancel(runId: string, detail?: string): Awaitable<RunRecord> {
    return this.runCommands.cancel(runId, detail ?? null);
  }

  /** Runs for past fire times that have none, one after another; 1,000 at most. */
  backfill(id: string, window: BackfillWindow): Awaitable<RunRecord[]> {
    return this.runCommands.backfill(id, window);
  }

  run(runId: string): Awaitable<RunRecord | null> {
    return this.runCommands.run(runId);
  }

  /** Newest fire time first. */
  runs(filter: RunFilter & { readonly store?: string }): Awaitable<RunPage> {
    return this.runCommands.runs(filter);
  }

  /** Live nodes of the application, over all stores, ordered by id; a store in memory knows this one alone. */
  nodes(): Awaitable<NodeRecord[]> {
    const lists = this.stores.collect(this.stores.all(), (node) =>
      node.store.nodes.list(node.store.isShared ? node.time.now() - 3 * this.parts.options.lease : 0),
    );
    return then(lists, (found) => {
      const byId = new Map(found.flat().map((node) => [node.id, node]));
      return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  /** Fire times to come of active jobs, in order; 10,000 at most, and whether there are more. */
  preview(from: Instant, to: Instant, filter: JobFilter & { store?: string } = {}): Awaitable<Cuttable<PreviewFire>> {
    const jobs = { list: (wanted?: JobFilter & { store?: string }) => this.listWithToCome(wanted) };
    return preview({ parts: this.parts, jobs, driven: this.driven }, { from, to }, filter);
  }

  /** What a start of this code would change in stores that outlive the process; nothing is written. */
  diff(): Awaitable<ScheduleDiff> {
    return scheduleDiff(this.codeJobs.definitions, { parts: this.parts, stores: this.stores });
  }

  /** Deletes history beyond age and count, in steps; answers how many runs went. */
  prune(onStep: (deleted: number) => void): Promise<number> {
    return pruneAll(this.stores.all(), this.parts, onStep);
  }

  /** Why there was, or was no, run of a job at an instant. */
  why(id: string, at: Instant): Awaitable<Why> {
    return this.explanations.why(id, at);
  }

  openAttempts(): readonly OpenAttempt[] {
    return this.stores
      .all()
      .flatMap((node) =>
        [...node.dispatcher.live.values()]
          .filter((run) => run.state === 'running')
          .map((run) => ({ jobId: run.job.id, runId: run.run.id, startedAt: run.startedAt! })),
      );
  }

  /** No attempt is open, every outcome is written and nothing is due now. */
  isIdle(): boolean {
    return this.quiet.isIdle();
  }

  /** Resolves when `isIdle`. */
  async idle(): Promise<void> {
    await this.quiet.until(() => this.quiet.isIdle(), null);
  }

  /** Waits until what falls up to an instant has run, and nothing of it is left that would be lost with this process. */
  runThrough(options: RunThroughOptions): Promise<void> {
    return runThrough({ clock: this.parts.clock, stores: this.stores, quiet: this.quiet, scheduler: this }, options);
  }

  /** Who only looks is shown what a start of this code would add, too. */
  private listWithToCome(filter: JobFilter & { readonly store?: string } = {}): Awaitable<LocatedJob[]> {
    const kept = this.list(filter);
    if (!this.parts.options.observes) return kept;
    const { ids, store: alias, paused, status } = filter;
    return then(kept, (found) =>
      then(this.diff(), ({ added }) => [
        ...found,
        ...added.filter(
          ({ job, store }) =>
            (ids?.includes(job.id) ?? true) &&
            (alias === undefined || alias === store) &&
            (status?.includes(job.status) ?? true) &&
            paused !== true,
        ),
      ]),
    );
  }

  private get isPassive(): boolean {
    return isPassive(this.parts.options);
  }

  /** `stop` may come while a start still waits for its stores. */
  private get isRunning(): boolean {
    return this.current === 'running';
  }

  private begin(node: StoreNode): Awaitable<unknown> {
    const step = (go: () => Awaitable<unknown>) => (): Awaitable<unknown> => (this.isRunning ? go() : undefined);
    const joined = node.join(this.codeJobs.idsByStore.get(node.store.alias) ?? []);
    const entered = then(
      joined,
      step(() => (this.parts.options.plans ? enterStartRuns(node, this.parts.triggers, this.runCommands) : undefined)),
    );
    return then(
      entered,
      step(() => node.start()),
    );
  }

  private async end(timeout: Millis): Promise<void> {
    this.current = 'stopping';
    try {
      await shutDown(this.parts, this.stores.all(), this.quiet, timeout);
    } finally {
      this.current = 'stopped';
      this.facts.tell('scheduler.stopped', this.hasStarted ? {} : { data: { hasStarted: false } });
    }
  }

  private located(found: LocatedJob): LocatedJob {
    const job = this.driven.seen(found.job, this.parts.clock.now());
    return job === found.job ? found : { store: found.store, job };
  }

  private seenLater(changed: Awaitable<JobRecord>): Awaitable<JobRecord> {
    return then(changed, (job) => this.driven.seen(job, this.parts.clock.now()));
  }

  private roomMade(): void {
    for (const { loop } of this.storeNodes) loop.roomMade();
    this.quiet.look();
  }

  private expect(method: string, allowed: readonly SchedulerState[]): void {
    if (allowed.includes(this.current)) return;
    throw new SchedulerStateError(method, this.current, allowed.join(' or '));
  }
}

function order({ store }: StoreNode): number {
  return store.isShared ? 0 : 1;
}
