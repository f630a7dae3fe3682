import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { confinedFile } from './confined-file.js';
import { OutputPathError } from './errors.js';
import type { FileHandle } from 'node:fs/promises';
import type { Awaitable, OutputSink } from '../../core/index.js';

/** What may wait to be written; from there on writers are asked to wait. */
const HIGH_WATER = 1_000_000;

const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
/** Not on Windows. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

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
  private file: string;

  constructor(
    private readonly place: OutputPlace,
    private readonly isAppending: boolean,
  ) {
    this.file = resolve(place.root, place.path);
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

  private async open(): Promise<void> {
    const { isConfined, root, path } = this.place;
    if (isConfined) this.file = await confinedFile(root, path);
    else await mkdir(dirname(this.file), { recursive: true });
    await (await this.handle(this.isAppending ? APPEND : APPEND | constants.O_TRUNC)).close();
    await this.drain();
  }

  /** Where a link would lead out of the root, one that was put there since is not followed. */
  private async handle(flags: number): Promise<FileHandle> {
    const { isConfined, root, path } = this.place;
    if (!isConfined) return open(this.file, flags);
    return open(this.file, flags | NO_LINK).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ELOOP' ? new OutputPathError(path, root) : error;
    });
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
    const handle = await this.handle(APPEND);
    try {
      for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
    } finally {
      await handle.close();
    }
  }
}
