import type { StartMode } from '../nest/index.js';
import type { Application } from './application.js';
import type { RunWatch } from './run-watch.js';
import type { Signals } from './signals.js';
import type { Terminal } from './terminal.js';

/** An option of a command, beside `--app`, `--json`, `--help` and `--verbose`. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** For the help. */
  readonly text: string;
  /** What stands for its value in the help. */
  readonly value?: string;
}

/** What a command was given. */
export interface Given {
  readonly words: readonly string[];
  text(option: string): string | undefined;
  is(option: string): boolean;
}

/** What a command works with. */
export interface CommandParts extends Application {
  readonly given: Given;
  readonly terminal: Terminal;
  readonly signals: Signals;
  /**
   * Ends the command for who called it, with its exit code, while this process goes on; null: it was not started apart from
   * its caller.
   */
  readonly leave: ((code: number) => void) | null;
  /** Of commands that run the schedule; null: of others. */
  readonly watch: RunWatch | null;
  /** Prints data as JSON where `--json` asks for it, else what `show` makes of it. */
  print(data: unknown, show: () => readonly string[]): void;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Words it takes, as shown: `<job>`; brackets for those that may be left out. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly string[];
  readonly start: (given: Given) => StartMode;
  /** Runs the schedule, until it is ended or once: each run is told, and while it goes `on` the application's log, too. */
  readonly runs?: (given: Given) => 'on' | 'once';
  /** @returns the exit code */
  run(parts: CommandParts): Promise<number>;
}

/** Commands that only look, or write through the registry alone. */
export const observing = (): StartMode => ({ observes: true });
