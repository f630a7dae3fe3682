import { execHandler } from '../../tasks/index.js';
import { UnknownCommandError } from './command-errors.js';
import type { Clock, CommandTask, ExecTask, JobDefinition, TaskHandler } from '../../core/index.js';
import type { ConsoleCommands } from './console-commands.js';

/** How commands and processes that code describes are run. */
export class WorkHandlers {
  constructor(
    private readonly commands: ConsoleCommands,
    /** The application's console as a process; null: none. */
    private readonly console: readonly string[] | null,
    private readonly clock: Clock,
  ) {}

  /** @throws {UnknownCommandError} at the start, not when it is due */
  handlerOf(work: CommandTask | ExecTask, { definedAt }: Pick<JobDefinition, 'definedAt'>): TaskHandler {
    return 'command' in work ? this.commandHandler(work, definedAt) : execHandler(work, this.clock);
  }

  private commandHandler({ command, args }: CommandTask, place: string): TaskHandler {
    const call = this.commands.of(command);
    if (call !== null) return (_args, job) => call(args, job);
    const [file, ...rest] = this.console ?? [];
    if (file === undefined) throw new UnknownCommandError(command, place, this.commands.names());
    return execHandler({ exec: [file, ...rest, command, ...args] }, this.clock);
  }
}
