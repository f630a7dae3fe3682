import { readFileSync } from 'node:fs';
import type { EvidenceLine } from '../node/evidence.js';
import { groupBy } from './group-by.js';

export interface Mark {
  readonly kind: EvidenceLine[0];
  readonly at: number;
  readonly pid: number;
  readonly job: string;
  readonly fireTime: number;
  readonly run: string;
  readonly token: number;
  readonly attempt: number;
  readonly detail: string | number | null;
}

/** One attempt as its handler saw it. */
export interface Attempt {
  readonly start: Mark;
  /** undefined: its process ended before. */
  readonly end: Mark | undefined;
}

/** What the processes wrote, read once they are gone. */
export class EvidenceBook {
  readonly marks: readonly Mark[];
  /** By run, in the order of their tokens. */
  readonly attempts: ReadonlyMap<string, readonly Attempt[]>;

  /** By process. */
  private readonly late: ReadonlyMap<number, readonly Mark[]>;

  constructor(path: string) {
    this.marks = readFileSync(path, 'utf8').trimEnd().split('\n').map(markOf);
    this.attempts = attemptsOf(this.marks);
    this.late = groupBy(this.of('late'), (mark) => mark.pid);
  }

  of(...kinds: Mark['kind'][]): Mark[] {
    return this.marks.filter((mark) => kinds.includes(mark.kind));
  }

  /** A handler of this process that takes seconds has begun, and has come neither to its end nor to an abort. */
  isInTheMiddle(pid: number): boolean {
    const over = new Set(this.of('end', 'aborted').map(nameOf));
    const isLong = ({ job }: Mark): boolean => /^(long|several)-/.test(job);
    return this.of('start').some((mark) => mark.pid === pid && isLong(mark) && !over.has(nameOf(mark)));
  }

  /** Events of one type; `run.succeeded`. */
  events(type: string): Mark[] {
    return this.of('event').filter(({ detail }) => String(detail).split(' ')[0] === type);
  }

  /** When a process began to get no time for so long, ms. */
  standstills(pid: number, atLeast: number): number[] {
    const long = this.late.get(pid)?.filter((mark) => Number(mark.detail) >= atLeast) ?? [];
    return long.map(({ at, detail }) => at - Number(detail));
  }

  /** By how much the loops of processes were late at most between two instants, ms; but those of some. */
  lateness(from: number, to: number, except: ReadonlySet<number>): number {
    const late = this.of('late').filter(
      ({ at, detail, pid }) => !except.has(pid) && at >= from && at - Number(detail) <= to,
    );
    return late.reduce((most, mark) => Math.max(most, Number(mark.detail)), 0);
  }
}

function nameOf({ run, token }: Mark): string {
  return `${run} ${token}`;
}

function markOf(text: string): Mark {
  const [kind, at, pid, job, fireTime, run, token, attempt, detail] = JSON.parse(text) as EvidenceLine;
  return { kind, at, pid, job, fireTime, run, token, attempt, detail };
}

function attemptsOf(marks: readonly Mark[]): Map<string, Attempt[]> {
  const ends = new Map<string, Mark>();
  for (const mark of marks) if (mark.kind === 'end' || mark.kind === 'aborted') ends.set(keyOf(mark), mark);
  const byRun = new Map<string, Attempt[]>();
  for (const start of marks) {
    if (start.kind !== 'start') continue;
    const attempts = byRun.get(start.run) ?? [];
    attempts.push({ start, end: ends.get(keyOf(start)) });
    byRun.set(start.run, attempts);
  }
  for (const attempts of byRun.values()) attempts.sort((a, b) => a.start.token - b.start.token);
  return byRun;
}

function keyOf({ run, token, pid }: Mark): string {
  return `${run} ${token} ${pid}`;
}
