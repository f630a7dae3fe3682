import type { LoggerService } from '@nestjs/common';
import type { Terminal } from './terminal.js';

/** Warnings and errors of the application, apart from what the command prints. */
export class StderrLogger implements LoggerService {
  constructor(private readonly terminal: Terminal) {}

  log(): void {}

  debug(): void {}

  verbose(): void {}

  warn(message: unknown): void {
    this.terminal.err(this.terminal.colours.yellow(String(message)));
  }

  error(message: unknown): void {
    this.terminal.err(this.terminal.colours.red(String(message)));
  }

  fatal(message: unknown): void {
    this.error(message);
  }
}
