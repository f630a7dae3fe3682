import type { JobLogger } from '../core/index.js';
import { TEXT_LIMIT } from './stored-values.js';

/** What a run wrote, line by line, up to a bound; the end of a long output says how much was left out. */
export class Output {
  private readonly lines: string[] = [];
  private length = 0;
  private leftOut = 0;

  get text(): string {
    const all = this.lines.join('\n');
    return this.leftOut === 0 ? all : `${all}\n… ${this.leftOut} more lines`;
  }

  add(line: string): void {
    if (this.length + line.length > TEXT_LIMIT) {
      this.leftOut++;
      return;
    }
    this.lines.push(line);
    this.length += line.length + 1;
  }

  /** The same logger, with each line kept. */
  around(logger: JobLogger): JobLogger {
    return {
      log: (message) => {
        this.add(message);
        logger.log(message);
      },
      warn: (message) => {
        this.add(`WARN ${message}`);
        logger.warn(message);
      },
      error: (message, error) => {
        this.add(`ERROR ${message}`);
        logger.error(message, error);
      },
      debug: (message) => {
        this.add(`DEBUG ${message}`);
        logger.debug(message);
      },
    };
  }
}
