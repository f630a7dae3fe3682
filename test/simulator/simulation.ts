import { setImmediate } from 'node:timers';
import type { Instant, JobContext, Millis, SchedulerFact, Store } from '../../lib/core/index.js';
import { Agenda, drawSetup } from './agenda.js';
import type { Setup } from './agenda.js';
import { Chaos } from './chaos.js';
import { Handlers } from './handlers.js';
import { checkEnd, isAtRest } from './last-check.js';
import { Judge, RULES } from './judge.js';
import type { Violation } from './judge.js';
import { Ledger } from './ledger.js';
import { NodeClock } from './node-clock.js';
import { Random } from './random.js';
import { Server } from './server.js';
import { SimNode } from './sim-node.js';
import { Wire } from './wire.js';
import { Workload } from './workload.js';

export const EPOCH: Instant = Date.UTC(2026, 2, 1);
/** After the faults, everything has come to its end within this. */
const CALM: Millis = 15 * 60_000;
const LOOK_EVERY: Millis = 5_000;
/** A call is on its way for no longer. */
const LATE_CALLS: Millis = 10_000;
const STEPS_AT_MOST = 60_000;

export interface SimulationOptions {
  readonly seed: number;
  readonly store: Store;
  /** Nodes and store are on one machine and go by its clock. */
  readonly isLocal?: boolean;
  /** The store can read and apply a claim in two steps. */
  readonly canSplit?: boolean;
  readonly change?: (setup: Setup) => Setup;
}

export interface Verdict {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly steps: number;
  /** What happened, step by step, as text. */
  readonly trace: readonly string[];
  readonly setup: Setup;
}

/** A cluster in one process: everything that happens between two awaits is one step, and the seed orders the steps. */
export class Simulation {
  readonly random: Random;
  readonly agenda = new Agenda();
  readonly setup: Setup;
  readonly judge = new Judge();
  readonly ledger: Ledger;
  readonly server: Server;
  readonly handlers: Handlers;
  readonly workload: Workload;
  readonly lines: string[] = [];
  nodes: SimNode[] = [];
  now: Millis = 0;
  isStoreAway = false;
  isCalm = false;
  steps = 0;
  /** Difference of the store's clock from the time that passes. */
  storeOffset: Instant;
  /** The latest time that the store's clock had shown when it was set. */
  latest: Instant = 0;
  private readonly chaos: Chaos;
  private begun = 0;
  private isOver = false;

  constructor(private readonly options: SimulationOptions) {
    this.random = new Random(options.seed);
    const drawn = drawSetup(this.random, options.isLocal === true);
    const setup = options.canSplit === true ? drawn : { ...drawn, inTwoSteps: false };
    this.setup = options.change?.(setup) ?? setup;
    const { isLocal, way, faultsUntil } = this.setup;
    this.storeOffset = EPOCH + (isLocal ? 0 : this.random.int(-3_600_000, 3_600_000));
    const slack = isLocal ? 0 : way;
    this.ledger = new Ledger(this.judge, () => this.storeNow(), slack);
    this.ledger.onTakeOver = (runId, former) => this.tookOver(runId, former);
    this.server = new Server(options.store, this.ledger, isLocal ? null : () => this.storeNow());
    this.handlers = new Handlers(this);
    this.workload = new Workload(this.random.fork(), this.storeNow(), this.storeNow() + faultsUntil);
    this.chaos = new Chaos(this);
  }

  storeNow(): Instant {
    return this.now + this.storeOffset;
  }

  async run(): Promise<Verdict> {
    const { random } = Math;
    Math.random = this.random.fork().next;
    try {
      await this.options.store.jobs.open();
      for (let index = 0; index < this.setup.nodes; index++) this.begin(this.random.int(0, 2_000));
      this.at(this.setup.faultsUntil, null, 'faults stop', () => this.calmDown());
      this.chaos.plan();
      while (!this.isOver && this.judge.violations.length === 0) await this.step();
    } finally {
      Math.random = random;
      await this.options.store.jobs.close();
    }
    const { seed } = this.options;
    return { seed, violations: this.judge.violations, steps: this.steps, trace: this.lines, setup: this.setup };
  }

  at(at: Millis, owner: SimNode | null, label: string, run: () => unknown): void {
    this.agenda.add({ at, owner, label, run });
  }

  trace(node: string, text: string): void {
    this.lines.push(`${String(this.now).padStart(7)} ${node.padEnd(6)} ${text}`);
  }

  later(node: SimNode, wait: Millis, label: string, go: () => void): void {
    this.at(this.now + wait, node, label, go);
  }

  /** A new process comes up after a while; one that cannot start ends and is started again. */
  begin(after: Millis): void {
    this.at(this.now + after, null, 'a node starts', () => {
      const node = this.newNode();
      this.nodes.push(node);
      this.trace(node.id, 'starts');
      node.start(this.workload.code).then(
        () => this.trace(node.id, 'has started'),
        (error: unknown) => {
          if (node.isGone) return;
          this.trace(node.id, `could not start: ${String(error)}`);
          this.end(node);
          this.begin(1_000);
        },
      );
    });
  }

  end(node: SimNode): void {
    node.isGone = true;
    this.nodes = this.nodes.filter((it) => it !== node);
  }

  started(node: SimNode, context: JobContext, token: number): void {
    const { runId } = context;
    this.trace(node.id, `handler of ${runId}#${token} begins`);
    const seen = this.ledger.runs.get(runId);
    if (seen === undefined) return this.judge.blame(RULES.true, `${runId} was started, and nobody had claimed it`);
    const { slack } = this.ledger;
    // By the latest that the store's clock has shown: what was due stays due when somebody sets it back.
    const early = seen.dueAt - Math.max(this.storeNow(), this.latest);
    this.judge.expect(early <= slack, RULES.early, () => `${runId} was started ${early} ms early`);
    const left = seen.leaseUntil - this.storeNow();
    if (seen.withdrawn >= token) return;
    this.judge.expect(seen.token === token, RULES.oneHolder, () => `${runId} was started with an old token, ${token}`);
    const isHeld = seen.settledBy === null || seen.settledBy === -1;
    this.judge.expect(isHeld, RULES.settledOnce, () => `${runId} was started after its outcome`);
    const isLeased = this.setup.isLocal || left > -slack || seen.settledBy !== null;
    this.judge.expect(isLeased, RULES.oneHolder, () => `${runId} was started ${-left} ms after its lease`);
  }

  private newNode(): SimNode {
    const { random, setup } = this;
    const id = `n${++this.begun}`;
    const offset = setup.isLocal ? this.storeOffset : EPOCH + random.int(-60_000, 60_000);
    const clock = new NodeClock(this, offset);
    const self = (): SimNode => node;
    const wire = new Wire(this, self);
    const { lease } = setup;
    const options = { lease, pollWithoutWake: random.pick([1_000, 2_500]), shutdownTimeout: 2_000 };
    const executor = this.handlers.executorOf(self, random.int(1, 6));
    const onFact = (of: SimNode, fact: SchedulerFact): void => this.heard(of, fact);
    const node: SimNode = new SimNode({ id, clock, store: wire.store, executor, options, onFact });
    return node;
  }

  private async step(): Promise<void> {
    const due = this.agenda.due(this.now);
    const ticking = this.nodes.filter((node) => node.mayAct && node.clock.nextAt <= this.now);
    const count = due.length + ticking.length;
    if (count === 0) {
      this.passTime();
      return;
    }
    if (++this.steps > STEPS_AT_MOST) this.judge.blame(RULES.rest, `${STEPS_AT_MOST} steps were made`);
    const chosen = this.random.int(0, count - 1);
    if (chosen < due.length) {
      await this.agenda.take(due[chosen]).run();
    } else {
      ticking[chosen - due.length].clock.fireNext();
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (!this.isCalm) this.chaos.strike();
  }

  private passTime(): void {
    let next = this.agenda.nextAt();
    for (const node of this.nodes) if (node.mayAct) next = Math.min(next, node.clock.nextAt);
    this.now = Math.max(this.now, next);
  }

  private calmDown(): void {
    this.isCalm = true;
    this.trace('', 'faults stop');
    this.chaos.stop();
    this.handlers.endAll();
    // What nodes that stood still, or delayed calls, have asked for arrives first.
    this.at(this.now + LATE_CALLS, null, 'somebody looks', () => this.look());
  }

  /** Now and then somebody resumes what is paused, and looks whether all is done. */
  private async look(): Promise<void> {
    if (await isAtRest(this.server.base, this.nodes)) {
      void this.close();
      return;
    }
    if (this.now > this.setup.faultsUntil + CALM) {
      await checkEnd(this.ledger, this.server.base, this.judge);
      const states = this.nodes.map(({ id, scheduler }) => `${id} is ${scheduler.state}`).join(', ');
      this.judge.blame(RULES.rest, `jobs or runs are unfinished ${CALM} ms after the last fault; ${states}`);
    }
    const node = this.nodes.find(({ scheduler }) => scheduler.state === 'running');
    if (node !== undefined) this.resumeAll(node);
    this.at(this.now + LOOK_EVERY, null, 'somebody looks', () => this.look());
  }

  private resumeAll({ scheduler }: SimNode): void {
    const quietly = (): undefined => undefined;
    void Promise.resolve(scheduler.resumeAll()).catch(quietly);
    for (const { id, pause } of this.ledger.lines.all()) {
      if (pause !== null) void Promise.resolve(scheduler.resume(id, { catchUp: false })).catch(quietly);
    }
  }

  private async close(): Promise<void> {
    this.trace('', 'all is done');
    const nodes = [...this.nodes];
    await Promise.all(nodes.map((node) => node.scheduler.stop()));
    for (const { id, clock } of nodes) {
      this.judge.expect(
        clock.timerCount === 0,
        RULES.quiet,
        () => `${id} has ${clock.timerCount} timers after its stop`,
      );
    }
    await checkEnd(this.ledger, this.server.base, this.judge);
    this.isOver = true;
  }

  private tookOver(runId: string, former: string): void {
    const node = this.nodes.find(({ id }) => id === former);
    if (node === undefined || !node.mayAct || node.thawedAt > this.now - this.setup.lease) return;
    const isUnheeding = this.handlers.unheeding(runId, former);
    this.judge.expect(!isUnheeding, RULES.aborted, () => `${runId} goes on at ${former}, and another node has it`);
  }

  private heard(node: SimNode, { type, run, detail, error }: SchedulerFact): void {
    if (node.isGone) return;
    this.trace(
      node.id,
      `${type} ${run === null ? '' : run.id} ${error instanceof Error ? error.message : (detail ?? '')}`,
    );
    if (run === null) return;
    if (type === 'run.claimed') node.held.set(run.id, run.token);
    const seen = this.ledger.runs.get(run.id);
    if (type !== 'run.succeeded') return;
    this.judge.expect(seen?.outcome === 'succeeded', RULES.durable, () => `${run.id} was told to have succeeded`);
    const isTrue = this.handlers.succeeded(run.id, node.held.get(run.id) ?? 0);
    this.judge.expect(isTrue, RULES.true, () => `${run.id} has not succeeded at ${node.id}`);
  }
}
