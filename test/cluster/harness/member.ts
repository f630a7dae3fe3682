import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import type { Command } from '../node/settings.js';

const READY_WITHIN = 120_000;
const ANSWER_WITHIN = 120_000;

/** The parent's side of one process. */
export class Member {
  readonly pid: number;
  /** What it wrote to its standard streams; shown when a check fails. */
  output = '';
  /** This test killed it, or asked it to go. */
  isExpectedToEnd = false;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (message: any) => void>();
  private readonly exited: Promise<string>;
  private lastId = 0;
  private readonly handlers = new EventEmitter();

  constructor(script: string, settings: object) {
    const env = { ...process.env, CARILLON_CLUSTER_NODE: JSON.stringify(settings), NO_COLOR: '1' };
    this.child = fork(script, { execArgv: ['--enable-source-maps'], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env });
    this.pid = this.child.pid!;
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', (text) => (this.output += text));
    this.exited = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(signal ?? `code ${code}`)));
    this.child.on('message', (message: any) => {
      if (message.hasBegun !== undefined) this.handlers.emit('begun');
      else this.take(message.id)?.(message);
    });
    // A message to one that was killed a moment ago.
    this.child.on('error', () => undefined);
    void this.exited.then((how) => {
      for (const id of [...this.waiting.keys()]) this.take(id)?.({ error: `process ${this.pid} ended: ${how}` });
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Its application has started. */
  async ready(): Promise<void> {
    await this.answerTo(0, READY_WITHIN);
  }

  async ask(name: Command['name'], jobs?: readonly unknown[]): Promise<any> {
    const id = ++this.lastId;
    const answer = this.answerTo(id, ANSWER_WITHIN);
    if (!this.hasEnded) this.child.send({ id, name, jobs } satisfies Command, () => undefined);
    return await answer;
  }

  /** Hears of each handler that begins, as far as its process tells. */
  onBegun(listener: () => void): void {
    this.handlers.on('begun', listener);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (name === 'SIGKILL') this.isExpectedToEnd = true;
    this.child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Asks it to go in good order; answers how it ended. */
  async leave(): Promise<string> {
    this.isExpectedToEnd = true;
    this.child.kill('SIGTERM');
    return await this.exited;
  }

  private async answerTo(id: number, within: number): Promise<any> {
    const message = await new Promise<any>((resolve) => {
      const late = setTimeout(() => this.take(id)?.({ error: `no answer within ${within} ms` }), within);
      this.waiting.set(id, (found) => {
        clearTimeout(late);
        resolve(found);
      });
      if (this.hasEnded) this.take(id)?.({ error: `process ${this.pid} has ended` });
    });
    if (message.error !== undefined) throw new Error(`${message.error}\n${this.output.slice(-2_000)}`);
    return message.answer;
  }

  private take(id: number): ((message: any) => void) | undefined {
    const waits = this.waiting.get(id);
    this.waiting.delete(id);
    return waits;
  }
}
