import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompiledCode } from '../../cluster/harness/compiled-code.js';
import type { ChildProcess } from 'node:child_process';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command line, compiled, with an application of the tests. */
export class CommandProcess {
  readonly code = new CompiledCode('test/cli');
  readonly folder = mkdtempSync(join(tmpdir(), 'carillon-cli-'));
  readonly env = { CLI_DATABASE: join(this.folder, 'jobs.db'), CLI_EVIDENCE: join(this.folder, 'evidence.txt') };
  private child: ChildProcess | null = null;

  async start(): Promise<void> {
    this.child = fork(this.code.file('test/cli/support/commands.ts'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(this.child, 'message');
  }

  /** `schedule:list --json` and so on, of the application unless another file is named. */
  async run(
    line: string | readonly string[],
    more: { app?: string; env?: Record<string, string> } = {},
  ): Promise<Answer> {
    const words = typeof line === 'string' ? line.split(' ') : line;
    const app = this.app(more.app);
    this.child!.send({ words: [...words, '--app', app], env: { ...this.env, ...more.env } });
    const [answer] = (await once(this.child!, 'message')) as [Answer];
    return answer;
  }

  /** The same in a process of its own, through the file that `npx carillon` starts. */
  runBin(words: readonly string[], { cwd = this.folder }: { cwd?: string } = {}): Promise<Answer> {
    const args = [this.code.file('lib/cli/main.ts'), ...words];
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd, env: { ...process.env, ...this.env } }, (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
      );
    });
  }

  app(name = 'app.module'): string {
    return this.code.file(`test/cli/app/${name}.ts`);
  }

  end(): void {
    this.child?.kill();
    this.code.clear();
  }
}
