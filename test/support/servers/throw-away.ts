import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ENGINES } from './engines.js';
import { notePid, serverFolder, serverOwner } from './run-folder.js';
import type { EngineName, Programs, ServerEngine } from './server-engine.js';

const run = promisify(execFile);
const START_DEADLINE = 60_000;

export interface ThrowAwayOptions {
  /** By the engine's own names, such as `{ appendonly: 'yes', appendfsync: 'always' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: a random one from 20,000 to 32,000. */
  readonly port?: number;
}

/**
 * A server of a test's own, which it may cut, stop and start again. Started; the test stops it, else the end of the run.
 *
 * @throws {Error} when the engine's programs are not installed: ask `canStart` first
 */
export async function startThrowAway(engine: EngineName, options: ThrowAwayOptions = {}): Promise<ThrowAwayServer> {
  const server = new ThrowAwayServer(ENGINES[engine], options);
  await server.initialise();
  await server.start();
  return server;
}

/** Whether a server of this engine can be started on this machine. */
export function canStart(engine: EngineName): boolean {
  return ENGINES[engine].programs() !== undefined;
}

export class ThrowAwayServer {
  readonly url: string;
  readonly port: number;
  private readonly owner = serverOwner();
  private readonly programs: Programs;
  private folder = '';
  private child: ChildProcess | undefined;

  constructor(
    readonly engine: ServerEngine,
    private readonly options: ThrowAwayOptions,
  ) {
    this.port = options.port ?? randomPort();
    const programs = engine.programs();
    if (programs === undefined)
      throw new Error(`${engine.title} is not installed here: apt install ${engine.aptPackage}.`);
    this.programs = programs;
    this.url = engine.url(this.port);
  }

  async initialise(): Promise<void> {
    this.folder = serverFolder(this.engine.name, this.owner);
    const command = this.engine.initialise?.(this.programs, this.folder);
    if (command === undefined) return;
    const [program, ...args] = command;
    await run(program, args, { ...this.owner, cwd: this.folder });
  }

  /** The same data on the same port, however it ended. */
  async start(): Promise<void> {
    const { folder, port } = this;
    const settings = this.options.settings ?? {};
    await untilFree(port);
    const [program, ...args] = this.engine.command(this.programs, { folder, port, settings });
    const log = openSync(join(folder, 'log'), 'a');
    this.child = spawn(program, args, { ...this.owner, cwd: folder, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    // A server that other workers use, too, must not keep this one from ending.
    this.child.unref();
    if (this.child.pid !== undefined) notePid(folder, this.child.pid);
    await this.answers();
  }

  /** `crash`: no goodbye, what was not durable is lost. */
  async end(how: 'stop' | 'crash' = 'stop'): Promise<void> {
    const child = this.child;
    if (child === undefined) return;
    this.child = undefined;
    const isGone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    child.kill(this.engine.signals[how]);
    await isGone;
    rmSync(join(this.folder, 'server.pid'), { force: true });
  }

  /** Ends it and deletes its data. */
  async throwAway(): Promise<void> {
    await this.end('crash');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async answers(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE;
    for (;;) {
      try {
        await this.engine.ping(this.url);
        return;
      } catch (error) {
        const hasEnded = this.child?.exitCode !== null;
        if (hasEnded || performance.now() > deadline) throw this.startError(error as Error);
        await sleep(50);
      }
    }
  }

  private startError(cause: Error): Error {
    const log = readFileSync(join(this.folder, 'log'), 'utf8').slice(-2_000);
    return new Error(`A throw-away ${this.engine.title} did not start: ${cause.message}. Its log ends:\n${log}`);
  }
}

/** Below the ports that systems give to outgoing connections, so that it is still free when the server starts again. */
function randomPort(): number {
  return 20_000 + Math.floor(Math.random() * 12_000);
}

async function untilFree(port: number): Promise<void> {
  const deadline = performance.now() + START_DEADLINE;
  while (!(await isFree(port))) {
    if (performance.now() > deadline) throw new Error(`Port ${port} is taken by another process.`);
    await sleep(50);
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
