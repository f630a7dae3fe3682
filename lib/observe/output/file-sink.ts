import { mkdir, open, realpath, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { OutputPathError } from './errors.js';
import type { Awaitable, OutputSink } from '../../core/index.js';

/** What may wait to be written; from there on writers are asked to wait. */
const HIGH_WATER = 1_000_000;

/** Where a file may be. */
export interface OutputPlace {
  /** As it was written; relative to `root`. */
  readonly path: string;
  readonly root: string;
  /** true: a path that leads out of `root`, by a link too, is refused. */
  readonly isConfined: boolean;
}

/**
 * Adds lines to a file. Each write is one append of whole lines, so that lines of runs that share a file stay whole; no
 * handle is open in between. What cannot be written is told once by `flushed`, and the run goes on.
 */
export class FileSink implements OutputSink {
  private waiting: string[] = [];
  private waitingLength = 0;
  private work: Promise<void>;
  private isIdle = false;
  private isBroken = false;

  constructor(
    private readonly place: OutputPlace,
    private readonly isAppending: boolean,
  ) {
    this.work = this.guarded(this.open());
  }

  write(lines: string): Awaitable<void> {
    if (this.isBroken) return;
    this.waiting.push(lines);
    this.waitingLength += lines.length;
    if (this.isIdle) this.goOn();
    return this.waitingLength < HIGH_WATER ? undefined : this.work.catch(() => undefined);
  }

  /** Until everything written so far is in the file. @throws what went wrong */
  flushed(): Promise<void> {
    return this.work;
  }

  private get file(): string {
    return resolve(this.place.root, this.place.path);
  }

  private async open(): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    if (this.place.isConfined) await this.refuseLinksOutside();
    await writeFile(this.file, '', { flag: this.isAppending ? 'a' : 'w' });
    await this.drain();
  }

  private goOn(): void {
    this.isIdle = false;
    this.work = this.guarded(this.work.then(() => this.drain()));
  }

  /** A failure is told by `flushed`; what comes after it is dropped, not gathered. */
  private guarded(work: Promise<void>): Promise<void> {
    work.catch(() => {
      this.isBroken = true;
      this.waiting = [];
    });
    return work;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const lines = this.waiting.join('');
      this.waiting = [];
      this.waitingLength = 0;
      await this.append(Buffer.from(lines));
    }
    this.isIdle = true;
  }

  /** By one call of the system: what others add at the same time comes before it or after it, never within. */
  private async append(bytes: Buffer): Promise<void> {
    const handle = await open(this.file, 'a');
    try {
      for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
    } finally {
      await handle.close();
    }
  }

  private async refuseLinksOutside(): Promise<void> {
    const [root, directory] = await Promise.all([realpath(this.place.root), realpath(dirname(this.file))]);
    if (!isWithin(root, directory)) throw new OutputPathError(this.place.path, this.place.root);
    const target = await realpath(this.file).catch(() => null);
    if (target !== null && !isWithin(root, target)) throw new OutputPathError(this.place.path, this.place.root);
  }
}

/** Whether `path`, taken from `root`, stays in it. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(resolve(root), resolve(root, path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
