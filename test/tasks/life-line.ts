import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pipe with a name that processes hold open while they live: what they write, and that all of them have ended. */
export class LifeLine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'carillon-line-'));
  readonly path = join(this.folder, 'line');
  private readonly stream;
  private written = '';
  private changed: () => void = () => undefined;

  constructor() {
    execFileSync('mkfifo', [this.path]);
    this.stream = createReadStream(this.path, 'utf8');
    this.stream.on('data', (text) => {
      this.written += String(text);
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
    if (!this.stream.readableEnded) await once(this.stream, 'end');
  }

  clear(): void {
    this.stream.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
