import { JobContext, SystemClock } from '../../lib/core/index.js';
import { execHandler } from '../../lib/tasks/index.js';
import type { Clock, ExecTask, JobRecord, RunRecord } from '../../lib/core/index.js';

/** One attempt of a shell task with a real process, without a scheduler around it. */
export class CommandAttempt {
  output = '';
  readonly context: JobContext;
  /** How it ended: null when it succeeded. */
  readonly error: Promise<Error | null>;
  private readonly handler;
  private waiting: { text: string; resolve: () => void }[] = [];

  constructor(
    task: ExecTask,
    { print, clock = new SystemClock() }: { print?: (lines: string) => Promise<void> | void; clock?: Clock } = {},
  ) {
    this.context = new JobContext({
      job: { id: 'backup', name: null, task: 'exec', tags: [], timezone: 'UTC' } as unknown as JobRecord,
      run: { id: 'run-1', fireTime: Date.UTC(2026, 0, 1), count: 1 } as unknown as RunRecord,
      attempt: 1,
      makeLogger: () => {
        throw new Error('no logger here');
      },
      onProgress: () => undefined,
      print: print ?? ((lines) => this.take(lines)),
      pipeTo: () => undefined,
    });
    this.handler = execHandler(task, clock);
    this.error = this.start();
  }

  stop(): void {
    this.context.abort(new Error('asked to stop'));
  }

  async kill(): Promise<boolean> {
    return this.handler.kill!(this.context);
  }

  /** Until the command has written that. */
  async wrote(text: string): Promise<void> {
    if (this.output.includes(text)) return;
    await new Promise<void>((resolve) => this.waiting.push({ text, resolve }));
  }

  /** Until more has come than so many characters. */
  async wroteSince(length: number): Promise<void> {
    while (this.output.length <= length) await new Promise<void>((resolve) => this.waiting.push({ text: '', resolve }));
  }

  private take(lines: string): void {
    this.output += lines;
    const ready = this.waiting.filter(({ text }) => this.output.includes(text));
    this.waiting = this.waiting.filter((it) => !ready.includes(it));
    for (const { resolve } of ready) resolve();
  }

  private async start(): Promise<Error | null> {
    try {
      await this.handler([], this.context);
      return null;
    } catch (error) {
      return error as Error;
    }
  }
}
