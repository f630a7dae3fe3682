import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** The parent's side of `node-process-main.mjs`. */
export class NodeProcess {
  private readonly child: ChildProcess;
  private readonly answers: ((message: any) => void)[] = [];
  private readonly exited: Promise<void>;

  private constructor(lib: string, file: string, node: string) {
    const script = join(import.meta.dirname, 'node-process-main.mjs');
    this.child = fork(script, [lib, file, node], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.exited = new Promise((resolve) => this.child.on('exit', () => resolve()));
    this.child.on('message', (message) => this.answers.shift()?.(message));
    void this.exited.then(() => this.answers.splice(0).forEach((answer) => answer({ answer: 'died' })));
  }

  static async start(lib: string, file: string, node: string): Promise<NodeProcess> {
    const started = new NodeProcess(lib, file, node);
    await started.next();
    await started.ask('open');
    return started;
  }

  /** The command's answer, or `died`. */
  async ask(command: string, argument: object = {}): Promise<any> {
    const answer = this.next();
    this.child.send({ command, ...argument });
    return await answer;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  private async next(): Promise<any> {
    const message = await new Promise<any>((resolve) => this.answers.push(resolve));
    if (message.error !== undefined) throw new Error(message.error);
    return message.answer;
  }
}
