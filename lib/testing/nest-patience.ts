import { SystemClock } from '../core/index.js';
import type { Millis } from '../core/index.js';

/** Turns of the event loop that work without I/O is given: more than chains of promises need. */
const TURNS = 30;
/** How long work that waits for the world outside (a database, a socket, a real timer) is waited for, in real time. */
const LONGEST: Millis = 5_000;
/** The same in turns, where a test's fake timers hold real time still. */
const MOST_TURNS = 20_000;

/** What is open in every process, or waits for somebody else to begin. */
const IDLE_RESOURCES = /^(Pipe|TTY|Channel|TCPServer|PipeServer|Signal|Message|Worker|Immediate|TickObject|Process)/;

// Taken once: fake timers replace the global one, and would then never let a turn end.
const nextTurn = globalThis.setImmediate;

/**
 * Waits in real time, for as long as there is a reason to: something outside of this process may still answer. A wait
 * for time to pass, or for the test itself, ends after a few turns of the event loop.
 */
export class Patience {
  private readonly real = new SystemClock();
  private readonly timersBefore = count('Timeout');

  /** true: it came to be. `attempt` is made before each look. */
  async until(isMet: () => boolean, attempt: () => void = () => undefined): Promise<boolean> {
    // Most handlers need a few promises and no turn of the event loop.
    for (let step = 0; step < TURNS; step++) {
      if (isMet()) return true;
      await Promise.resolve();
    }
    const start = this.real.monotonic();
    for (let turn = 0; ; turn++) {
      attempt();
      if (isMet()) return true;
      if (this.isOver(turn, this.real.monotonic() - start)) return false;
      await new Promise<void>((resolve) => nextTurn(resolve));
    }
  }

  private isOver(turn: number, passed: Millis): boolean {
    if (turn < TURNS) return false;
    if (passed >= LONGEST || (passed === 0 && turn >= MOST_TURNS)) return true;
    return !this.isWorldAtWork();
  }

  private isWorldAtWork(): boolean {
    if (count('Timeout') > this.timersBefore) return true;
    return resources().some((name) => name !== 'Timeout' && !IDLE_RESOURCES.test(name));
  }
}

function count(name: string): number {
  return resources().filter((it) => it === name).length;
}

function resources(): readonly string[] {
  return process.getActiveResourcesInfo();
}
