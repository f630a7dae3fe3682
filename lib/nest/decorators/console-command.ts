import { MethodMetadata } from '../method-metadata.js';
import { methodNote } from './method-note.js';

/** Names of console commands by method. */
export const consoleNotes = new MethodMetadata<string>('console-commands');

/**
 * Makes this method a console command, which the fluent schedule runs by its name: it gets the command's arguments as
 * texts, then the `JobContext`.
 *
 * @param name as it is typed, such as `cache:clear`
 * @example @ConsoleCommand('cache:clear') async clear(job: JobContext) {}
 */
export function ConsoleCommand(name: string): MethodDecorator {
  return methodNote('ConsoleCommand', consoleNotes, name);
}
