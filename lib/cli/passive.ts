import { CommandLineError, EXIT } from './errors.js';
import type { CommandParts } from './command.js';

/** @throws {CommandLineError} the configuration keeps this process from running anything */
export function refusePassive({ assembly }: Pick<CommandParts, 'assembly'>, command: string): void {
  const { enabled, role } = assembly.options;
  if (!enabled) {
    throw new CommandLineError(
      `${command}: this process runs no jobs, for "enabled" of SchedulerModule.forRoot(), or CARILLON_ENABLED, is false.`,
      EXIT.failed,
    );
  }
  if (role === 'client' || role === 'worker') {
    throw new CommandLineError(
      `${command}: this process runs no jobs, for its role is '${role}' ("role" of SchedulerModule.forRoot(), or ` +
        `CARILLON_ROLE). It must be 'all' or 'scheduler'.`,
      EXIT.failed,
    );
  }
}
