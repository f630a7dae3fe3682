import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pipe with a name that processes hold open while they live: what they write, and that all of them have ended. */
export class LifeLine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'carillon-line-'));
  readonly path = join(this.folder, 'line');
  private readonly reader: Socket;
  /** Keeps it from ending before somebody has it; null: somebody has written. */
  private keeper: number | null;
  private written = '';
  private changed: () => void = () => undefined;

  constructor() {
    execFileSync('mkfifo', [this.path]);
    this.keeper = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.reader = new Socket({ fd, readable: true, writable: false });
    this.reader.on('data', (text) => {
      this.letGo();
      this.written += text.toString();
      this.changed();
    });
  }

  /** Waits until somebody has written so many lines, and answers them. */
  async lines(count: number): Promise<string[]> {
    for (;;) {
      const lines = this.written.split('\n').slice(0, -1);
      if (lines.length >= count) return lines;
      await new Promise<void>((resolve) => (this.changed = resolve));
    }
  }

  /** Waits until nobody holds it who held it. */
  async allEnded(): Promise<void> {
    if (!this.reader.readableEnded) await once(this.reader, 'end');
  }

  clear(): void {
    this.letGo();
    this.reader.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private letGo(): void {
    if (this.keeper !== null) closeSync(this.keeper);
    this.keeper = null;
  }
}
