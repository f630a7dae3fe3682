import { ConsoleLogger } from '@nestjs/common';
import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import type { Colour, Terminal } from './terminal.js';

/** Warnings and errors of the application, apart from what the command prints. */
export class StderrLogger implements LoggerService {
  constructor(private readonly terminal: Terminal) {}

  log(): void {}

  debug(): void {}

  verbose(): void {}

  warn(message: unknown, ...more: unknown[]): void {
    this.write(this.terminal.colours.yellow, [message, ...more]);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write(this.terminal.colours.red, [message, ...more]);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.write(this.terminal.colours.red, [message, ...more]);
  }

  /** Nest gives the context last, and an error's stack before it. */
  private write(colour: Colour, given: readonly unknown[]): void {
    const last = given.at(-1);
    const context = given.length > 1 && typeof last === 'string' && !last.includes('\n') ? last : null;
    const messages = (context === null ? given : given.slice(0, -1)).filter((it) => it !== undefined);
    const [first = '', ...rest] = messages.map((it) => (typeof it === 'string' ? it : inspect(it)));
    const { dim } = this.terminal.colours;
    this.terminal.err(`${context === null ? '' : dim(`[${context}] `)}${colour(first)}`);
    for (const text of rest) this.terminal.err(dim(text));
  }
}

/** Nest's own logger, all of it on stderr: stdout is for what the command prints. */
export class StderrConsole extends ConsoleLogger {
  protected override printMessages(...given: Parameters<ConsoleLogger['printMessages']>): void {
    const [messages, context, level, , ...more] = given;
    super.printMessages(messages, context, level, 'stderr', ...more);
  }
}
