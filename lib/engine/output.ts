import type { Awaitable, JobLogger, OutputSink } from '../core/index.js';
import { TEXT_LIMIT } from './stored-values.js';

/** What a run wrote, line by line, up to a bound; the end of a long output says how much was left out. Sinks get it all. */
export class Output {
  private readonly kept: string[] = [];
  private length = 0;
  private leftOut = 0;
  private readonly sinks: OutputSink[] = [];

  get isEmpty(): boolean {
    return this.kept.length === 0 && this.leftOut === 0;
  }

  get text(): string {
    const all = this.kept.join('\n');
    return this.leftOut === 0 ? all : `${all}\n… ${this.leftOut} more lines`;
  }

  pipeTo(sink: OutputSink): void {
    this.sinks.push(sink);
  }

  /** Takes one or more lines; answers a promise when a sink asks to wait. */
  add(lines: string): Awaitable<void> {
    const text = lines.endsWith('\n') ? lines.slice(0, -1) : lines;
    if (this.leftOut === 0 && this.length + text.length <= TEXT_LIMIT) this.keep(text);
    else this.keepPart(text);
    return this.sinks.length === 0 ? undefined : this.pass(`${text}\n`);
  }

  /** The same logger, with each line kept. */
  around(logger: JobLogger): JobLogger {
    return {
      log: (message) => {
        void this.add(message);
        logger.log(message);
      },
      warn: (message) => {
        void this.add(`WARN ${message}`);
        logger.warn(message);
      },
      error: (message, error) => {
        void this.add(`ERROR ${message}`);
        logger.error(message, error);
      },
      debug: (message) => {
        void this.add(`DEBUG ${message}`);
        logger.debug(message);
      },
    };
  }

  private keep(text: string): void {
    this.kept.push(text);
    this.length += text.length + 1;
  }

  /** Lines that still fit are kept; from the first one that does not, lines are only counted. */
  private keepPart(text: string): void {
    for (const line of text.split('\n')) {
      const room = this.leftOut === 0 ? TEXT_LIMIT - this.length : 0;
      if (line.length <= room) this.keep(line);
      else this.leaveOut(line, room);
    }
  }

  private leaveOut(line: string, room: number): void {
    if (room > 0) this.keep(line.slice(0, room));
    this.leftOut++;
  }

  private pass(lines: string): Awaitable<void> {
    const waits: Promise<void>[] = [];
    for (const sink of this.sinks) {
      const answer = sink.write(lines);
      if (answer instanceof Promise) waits.push(answer);
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }
}
