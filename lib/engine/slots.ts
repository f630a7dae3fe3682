import type { Executor } from '../core/index.js';
import type { LiveRun } from './live-run.js';

interface Waiting {
  readonly run: LiveRun;
  readonly start: (run: LiveRun) => void;
}

/** Served places that are kept before the line is copied. */
const LONG_HEAD = 1_000;

/** Room for attempts on one executor, shared by all stores; who finds none waits in line, holding nothing. */
export class Slots {
  private used = 0;
  private line: Waiting[] = [];
  private head = 0;
  private isServing = false;
  private readonly promised: (() => number)[] = [];

  constructor(
    readonly name: string,
    readonly executor: Executor,
    private readonly onFree: () => void,
  ) {}

  get free(): number {
    return Math.max(0, this.executor.concurrency - this.used);
  }

  get waiting(): number {
    return this.line.length - this.head;
  }

  /** How many runs more could be started: slots of runs that are claimed and wait for their time are taken. */
  get room(): number {
    let room = this.free - this.waiting;
    for (const count of this.promised) room -= count();
    return Math.max(0, room);
  }

  /** `count` tells how many runs of this executor somebody has claimed and not offered a slot yet. */
  promise(count: () => number): void {
    this.promised.push(count);
  }

  /** A claimed run went before it had a slot. */
  forgone(): void {
    this.onFree();
  }

  /** Starts the run now, or as soon as those before it in line have left. */
  start(run: LiveRun, start: (run: LiveRun) => void): void {
    if (this.used < this.executor.concurrency && this.waiting === 0) {
      this.used++;
      start(run);
      return;
    }
    this.line.push({ run, start });
    this.serve();
  }

  /** The attempt has left its slot. */
  leave(): void {
    this.used--;
    if (this.waiting > 0) this.serve();
    this.onFree();
  }

  /** A loop, since a synchronous handler leaves its slot before `start` returns. */
  private serve(): void {
    if (this.isServing) return;
    this.isServing = true;
    while (this.used < this.executor.concurrency && this.waiting > 0) {
      const { run, start } = this.line[this.head++];
      if (run.state !== 'held') continue;
      this.used++;
      start(run);
    }
    this.isServing = false;
    this.shorten();
  }

  /** Not with each run that leaves: that would copy the line once for every run in it. */
  private shorten(): void {
    if (this.head < this.line.length && this.head < LONG_HEAD) return;
    this.line = this.line.slice(this.head);
    this.head = 0;
  }
}
