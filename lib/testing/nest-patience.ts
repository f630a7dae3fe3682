import { SystemClock } from '../core/index.js';
import type { Millis } from '../core/index.js';

/** Turns of the event loop that everything is given: more than chains of promises need. */
const TURNS = 30;
/** How long the world outside (a database, a socket, a real timer) is waited for, in real time. */
const LONGEST: Millis = 5_000;
/** The same in turns, where a test's fake timers hold real time still. */
const MOST_TURNS = 20_000;

/** A request (of a file, a name, the end of a file) is answered soon, and an open connection may carry an answer. */
const AT_WORK = /Req|^(TCPSocket|TLS|TCPConnect|UDP|HTTP2)/;
/** What waits for nobody, or for somebody else to begin. */
const IDLE = /^(Pipe|TTY|Channel|TCPServer|Signal|Message|Worker|Immediate|TickObject|Process)/;

// Taken once: fake timers replace the global one, and would then never let a turn end.
const nextTurn = globalThis.setImmediate;

export interface Wait {
  readonly isMet: () => boolean;
  /** Made before each look. */
  readonly attempt: () => void;
  /** Real time to wait although nothing seems to be at work. */
  readonly atLeast: Millis;
  /** false: a few turns are enough. */
  readonly isWorthMore: () => boolean;
}

/** Waits in real time, for as long as there is a reason to: something outside of this process may still answer. */
export class Patience {
  private readonly real = new SystemClock();

  /** @param before what was at work while nothing was waited for */
  constructor(private readonly before: Activity) {}

  /** true: it came to be. */
  async until({ isMet, attempt, atLeast, isWorthMore }: Wait): Promise<boolean> {
    // Most handlers need a few promises and no turn of the event loop.
    for (let step = 0; step < TURNS; step++) {
      if (isMet()) return true;
      await Promise.resolve();
    }
    const start = this.real.monotonic();
    for (let turn = 0; ; turn++) {
      attempt();
      if (isMet()) return true;
      if (turn >= TURNS && (!isWorthMore() || this.isOver(turn, this.real.monotonic() - start, atLeast))) return false;
      await new Promise<void>((resolve) => nextTurn(resolve));
    }
  }

  private isOver(turn: number, passed: Millis, atLeast: Millis): boolean {
    if (passed === 0 && turn >= MOST_TURNS) return true;
    if (passed < atLeast) return false;
    return passed >= LONGEST || !this.isWorldAtWork();
  }

  /** A request or a connection is open, or something is at work that was not when nothing was waited for. */
  private isWorldAtWork(): boolean {
    for (const [name, count] of activity()) {
      if (AT_WORK.test(name)) return true;
      if (!IDLE.test(name) && count > (this.before.get(name) ?? 0)) return true;
    }
    return false;
  }
}

/** Kinds of what keeps this process busy, with their number. */
export type Activity = ReadonlyMap<string, number>;

export function activity(): Activity {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
