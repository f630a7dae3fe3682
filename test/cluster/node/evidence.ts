import { openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** What a line of evidence can say. */
export type EvidenceKind =
  | 'start'
  | 'end'
  /** The handler saw its signal. */
  | 'aborted'
  /** The handler's process stood still; `detail` is 1 when the signal was there one round of the loop later. */
  | 'woke'
  /** The engine told of it. */
  | 'event'
  /** The loop of this process was late by `detail` milliseconds. */
  | 'late';

/** kind, epoch ms, process id, job, fire time, run, token, attempt, detail */
export type EvidenceLine = readonly [
  kind: EvidenceKind,
  at: number,
  pid: number,
  job: string,
  fireTime: number,
  run: string,
  token: number,
  attempt: number,
  detail: string | number | null,
];

/** One run, as evidence names it. */
export interface RunName {
  readonly job: string;
  readonly fireTime: number;
  readonly run: string;
  readonly token: number;
  readonly attempt: number;
}

const NO_RUN: RunName = { job: '', fireTime: 0, run: '', token: 0, attempt: 0 };
const WATCH_EVERY = 50;
const WORTH_TELLING = 150;

/** Writes what happened where no store can change it: each line is one write at the end of the file. */
export class Evidence {
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  write(
    kind: EvidenceKind,
    { job, fireTime, run, token, attempt }: RunName,
    detail: string | number | null = null,
  ): void {
    const line: EvidenceLine = [kind, Date.now(), process.pid, job, fireTime, run, token, attempt, detail];
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }

  tell(detail: string, run: Partial<RunName> = {}): void {
    this.write('event', { ...NO_RUN, ...run }, detail);
  }

  /** Tells when this process got no time: what it does late then is no fault of the scheduler. */
  watchLoop(): void {
    let before = performance.now();
    setInterval(() => {
      const now = performance.now();
      const late = Math.round(now - before - WATCH_EVERY);
      before = now;
      if (late > WORTH_TELLING) this.write('late', NO_RUN, late);
    }, WATCH_EVERY);
  }
}
