import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** The parent's side of `node-process-main.mjs`. */
export class NodeProcess {
  private readonly child: ChildProcess;
  private readonly answers: ((message: any) => void)[] = [];
  private readonly exited: Promise<void>;
  private isGone = false;

  /** The process exists at once, so that whoever holds this can end it, also when it never becomes ready. */
  constructor(lib: string, file: string, node: string, script = join(import.meta.dirname, 'node-process-main.mjs')) {
    this.child = fork(script, [lib, file, node], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.exited = new Promise((resolve) => this.child.on('exit', () => resolve()));
    this.child.on('message', (message) => this.answers.shift()?.(message));
    this.child.on('exit', () => (this.isGone = true));
    void this.exited.then(() => this.answers.splice(0).forEach((answer) => answer({ answer: 'died' })));
  }

  /** Ready for commands, its store open. */
  async ready(): Promise<void> {
    if ((await this.next()) === 'died') throw new Error('The process ended before it was ready; see its output above.');
    await this.ask('open');
  }

  /** The command's answer, or `died`. */
  async ask(command: string, argument: object = {}): Promise<any> {
    const answer = this.next();
    // It may be gone already: then the answer is that it died.
    this.child.send({ command, ...argument }, () => undefined);
    return await answer;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  private async next(): Promise<any> {
    if (this.isGone) return 'died';
    const message = await new Promise<any>((resolve) => this.answers.push(resolve));
    if (message.error !== undefined) throw new Error(message.error);
    return message.answer;
  }
}
