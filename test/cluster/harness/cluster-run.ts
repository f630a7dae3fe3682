import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OneOffJob, RecurringJob, Results } from '../node/settings.js';
import type { ClusterStore, OpenClusterStore } from '../stores/cluster-store.js';
import type { Chronicle } from './chronicle.js';
import { emptyChronicle, wasAwaySince } from './chronicle.js';
import { Cluster, halves } from './cluster.js';
import { EvidenceBook } from './evidence-book.js';
import type { Fault } from './fault-plan.js';
import { faultPlan } from './fault-plan.js';
import type { LoadSize, Window } from './load.js';
import { oneOffJobs, recurringJobs } from './load.js';
import type { Member } from './member.js';
import { Random } from './random.js';

const SLOTS = 4;
/** Processes start and jobs are added before anything is due: this, and what a first process took, so many times. */
const AHEAD_MS = 2_000;
const AHEAD_TIMES = 5;
const BATCH = 500;
const ADDED_BEFORE = 0.8;
const SAMPLE_EVERY = 250;
/** What a process takes to start where nothing else goes on; a machine that is slower than that gets less to do. */
const USUAL_START_MS = 1_500;
const SMALLEST_LOAD = 0.1;
/** A second loss in a row waits for up to a minute before the run is tried again. */
const DRAINED_WITHIN = 240_000;

/** Everything the checks judge. */
export interface Story {
  readonly window: Window;
  readonly oneOffs: readonly OneOffJob[];
  readonly recurring: readonly RecurringJob[];
  readonly faults: readonly Fault[];
  readonly chronicle: Chronicle;
  readonly results: Results;
  readonly evidence: EvidenceBook;
  /** Processes that ended by themselves, or did not leave in good order. */
  readonly deserters: readonly string[];
  readonly drainedMs: number;
  readonly hasServer: boolean;
}

export interface RunParts {
  readonly store: ClusterStore;
  readonly script: string;
  readonly size: LoadSize;
  readonly seed: number;
}

/** Lets a cluster live through a window full of jobs and faults, waits until everything is done, and tells the story. */
export async function runCluster(parts: RunParts): Promise<Story> {
  const store = await parts.store.open();
  const folder = mkdtempSync(join(tmpdir(), 'carillon-evidence-'));
  const run = new ClusterRun(parts, store, join(folder, 'evidence.jsonl'));
  try {
    return await run.tell();
  } catch (error) {
    throw new Error(`${(error as Error).stack}\n${run.cluster.output}`, { cause: error });
  } finally {
    run.stop();
    await run.cluster.kill();
    await store.close();
    if (!process.env.CARILLON_CLUSTER_KEEP) rmSync(folder, { recursive: true, force: true });
  }
}

class ClusterRun {
  readonly cluster: Cluster;
  private readonly chronicle = emptyChronicle();
  private readonly random: Random;
  private readonly faults: readonly Fault[];
  private window: Window = { from: 0, to: 0 };
  private oneOffs: readonly OneOffJob[] = [];
  private recurring: readonly RecurringJob[] = [];
  private readonly over = new AbortController();

  constructor(
    private readonly parts: RunParts,
    private readonly store: OpenClusterStore,
    private readonly evidence: string,
  ) {
    const { script, size, seed } = parts;
    this.random = new Random(seed);
    const shape = { slots: SLOTS, windowMs: size.windowMs, hasServer: store.server !== undefined };
    this.faults = faultPlan(shape, this.random);
    writeFileSync(evidence, '');
    const { chronicle } = this;
    this.cluster = new Cluster({ script, evidence, store: store.options, chronicle, server: store.server });
  }

  async tell(): Promise<Story> {
    const startedAt = Date.now();
    const client = await this.cluster.client();
    this.plan(Date.now() - startedAt);
    const early = this.oneOffs.slice(0, this.oneOffs.length * ADDED_BEFORE);
    await this.addAll(client, 'addRecurring', halves(this.recurring).added);
    await Promise.all([
      this.cluster.start(SLOTS, halves(this.recurring).ofCode),
      this.addAll(client, 'addOneOffs', early),
    ]);
    await Promise.all([this.sample(client), this.live(client, this.oneOffs.slice(early.length))]);
    const drainedMs = await this.drained(client);
    const results = await client.ask('results');
    const deserters = [...this.cluster.deserters.map(({ pid, output }) => `process ${pid} ended by itself: ${output}`)];
    deserters.push(...(await this.cluster.leave()));
    const { window, oneOffs, recurring, faults, chronicle } = this;
    const evidence = new EvidenceBook(this.evidence);
    const hasServer = this.store.server !== undefined;
    return { window, oneOffs, recurring, faults, chronicle, results, evidence, deserters, drainedMs, hasServer };
  }

  private plan(startMs: number): void {
    const { size } = this.parts;
    const from = Date.now() + AHEAD_MS + AHEAD_TIMES * startMs;
    const load = size.isFitted ? Math.max(SMALLEST_LOAD, Math.min(1, USUAL_START_MS / startMs)) : 1;
    this.window = { from, to: from + size.windowMs };
    this.recurring = recurringJobs(size.recurring * load, this.window, this.random);
    this.oneOffs = oneOffJobs(Math.round(size.oneOffs * load), this.window, this.random);
  }

  /** Ends what goes on beside the faults. */
  stop(): void {
    this.over.abort();
  }

  /** The window, with its faults and its late jobs, and what was begun in it. */
  private async live(client: Member, late: readonly OneOffJob[]): Promise<void> {
    await sleepUntil(this.window.from);
    const faults = this.faults.map(async (fault) => {
      await sleepUntil(this.window.from + fault.at, this.over.signal);
      await this.cluster.suffer(fault);
    });
    await Promise.all([...faults, this.addBitByBit(client, late), sleepUntil(this.window.to)]);
    this.stop();
  }

  private async addBitByBit(client: Member, jobs: readonly OneOffJob[]): Promise<void> {
    const { from, to } = this.window;
    const batch = Math.ceil(jobs.length / 20);
    for (let first = 0; first < jobs.length; first += batch) {
      await sleepUntil(from + ((to - from) * first) / jobs.length, this.over.signal);
      await this.addAll(client, 'addOneOffs', jobs.slice(first, first + batch));
    }
  }

  /** A call that fails is repeated: the same jobs again are the same jobs. */
  private async addAll(
    client: Member,
    command: 'addOneOffs' | 'addRecurring',
    jobs: readonly unknown[],
  ): Promise<void> {
    for (let first = 0; first < jobs.length;) {
      const askedAt = Date.now();
      try {
        await client.ask(command, jobs.slice(first, first + BATCH));
        first += BATCH;
      } catch (error) {
        if (client.hasEnded || !this.isInTrouble(askedAt)) throw error;
        await sleep(200);
      }
    }
  }

  /** Calls may fail while the store cannot be reached, or is blocked by a stopped process. */
  private isInTrouble(askedAt: number): boolean {
    // On a slow machine what was planned comes later.
    if (wasAwaySince(this.chronicle, askedAt)) return true;
    const now = Date.now() - this.window.from;
    return this.faults.some((fault) => fault.kind !== 'kill' && now >= fault.at - 1_000 && now < fault.at + 40_000);
  }

  private async sample(client: Member): Promise<void> {
    const limits = new Map(this.recurring.map(({ id, policy }) => [id, Number(policy.maxInstances ?? 1)]));
    while (!this.over.signal.aborted) {
      const live = await client.ask('liveRuns').catch(() => []);
      this.chronicle.liveRunsSeen += live.length;
      const counts = new Map<string, number>();
      for (const job of live) counts.set(job, (counts.get(job) ?? 0) + 1);
      for (const [job, count] of counts) {
        const limit = limits.get(job) ?? 1;
        if (count > limit && this.store.readsAreSnapshots) {
          this.chronicle.tooMany.push(`${job}: ${count} live leases at once, it may have ${limit}`);
        }
      }
      await sleep(SAMPLE_EVERY);
    }
  }

  /** Until no job has a fire time to come and no run is open; answers how long that took from the window's end. */
  private async drained(client: Member): Promise<number> {
    for (;;) {
      const open = await client.ask('openRuns');
      if (open.jobs + open.runs === 0) return Date.now() - this.window.to;
      if (Date.now() - this.window.to > DRAINED_WITHIN) {
        throw new Error(`Still to do after ${DRAINED_WITHIN} ms: ${JSON.stringify(open)}`);
      }
      await sleep(200);
    }
  }
}

async function sleepUntil(instant: number, signal?: AbortSignal): Promise<void> {
  await sleep(Math.max(0, instant - Date.now()), undefined, { signal });
}
