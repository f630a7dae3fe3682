import { constants } from 'node:os';
import type { Terminal } from './terminal.js';

/** What asks a process to end. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Who asks this process to end. Without a listener a signal ends it at once, and with it nothing in order: processes that it
 * started would go on, and its claims would end as losses. A second signal ends it at once.
 */
export class Signals {
  private name: NodeJS.Signals | null = null;
  private isTaken = false;
  private readonly first: Promise<NodeJS.Signals>;
  private readonly listener: (name: NodeJS.Signals) => void;

  /** @param whatNow what is told at the first one; null: nothing */
  constructor(terminal: Terminal, whatNow: string | null) {
    let resolve!: (name: NodeJS.Signals) => void;
    this.first = new Promise((done) => (resolve = done));
    this.listener = (name) => {
      if (this.name !== null) process.exit(codeOf(name));
      this.name = name;
      if (whatNow !== null) terminal.err(`${name}: ${whatNow}`);
      resolve(name);
    };
    for (const name of ENDING_SIGNALS) process.on(name, this.listener);
  }

  /** For a command that goes on until somebody asks it to end: to be asked is no failure of it. */
  async asked(): Promise<void> {
    this.isTaken = true;
    await this.first;
  }

  /** The command's exit code, or that of the signal which came before. */
  async orAsked(run: () => Promise<number>): Promise<number> {
    if (this.name !== null) return codeOf(this.name);
    const answer = run();
    // What it was at when it was asked to end may fail then, and nobody waits for it.
    answer.catch(() => undefined);
    const asked = this.first.then((name) => (this.isTaken ? answer : codeOf(name)));
    return Promise.race([answer, asked]);
  }

  end(): void {
    for (const name of ENDING_SIGNALS) process.off(name, this.listener);
  }
}

/** As a shell tells of a process that a signal ended. */
function codeOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
