import { parseArgs } from 'node:util';
import { SchedulerError } from '../core/index.js';
import { nearest } from '../nest/index.js';
import { startApplication } from './application.js';
import { COMMANDS } from './commands/index.js';
import { CommandLineError, EXIT } from './errors.js';
import { COMMON_OPTIONS, helpOf, overview } from './help.js';
import type { Command, CommandParts, Given } from './command.js';
import type { Terminal } from './terminal.js';

/**
 * Runs one command of the command line `carillon`.
 *
 * @param words what stands behind `carillon`
 * @returns the exit code: 0, 1 when the answer is no, 2 when it was not understood, 3 when the application does not start
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(words, terminal);
  } catch (error) {
    if (!(error instanceof SchedulerError)) throw error;
    terminal.err(terminal.colours.red(error.message));
    if (words.includes('--verbose')) terminal.err(stackOf(error));
    return error instanceof CommandLineError ? error.exitCode : EXIT.usage;
  }
}

async function dispatch(words: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    overview(COMMANDS, terminal.colours).forEach((line) => terminal.out(line));
    return EXIT.ok;
  }
  const command = commandNamed(name);
  const given = read(command, rest);
  if (given.is('help')) {
    helpOf(command, terminal.colours).forEach((line) => terminal.out(line));
    return EXIT.ok;
  }
  return carryOut(command, given, terminal);
}

async function carryOut(command: Command, given: Given, terminal: Terminal): Promise<number> {
  const application = await startApplication(given.text('app'), command.start(given), terminal);
  const parts: CommandParts = {
    ...application,
    given,
    terminal,
    print(data, show) {
      if (given.is('json')) terminal.out(JSON.stringify(data, null, 2));
      else show().forEach((line) => terminal.out(line));
    },
  };
  try {
    return await command.run(parts);
  } finally {
    await application.close();
  }
}

function commandNamed(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name || command.name === `schedule:${name}`);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  const meant = near === null ? 'carillon --help shows all commands.' : `Did you mean ${near}?`;
  throw new CommandLineError(`There is no command "${name}". ${meant}`);
}

function read(command: Command, rest: readonly string[]): Given {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([name, { type }]) => [name, { type }]),
  );
  const parsed = parsedArgs(command, rest, options);
  const most = command.words.length;
  if (parsed.positionals.length > most) {
    throw new CommandLineError(
      `${command.name} takes ${most === 0 ? 'no words' : `at most ${most}`}: "${parsed.positionals[most]}" is too many. ` +
        `carillon ${command.name} --help shows what it takes.`,
    );
  }
  const values = parsed.values as Readonly<Record<string, string | boolean | undefined>>;
  return {
    words: parsed.positionals,
    text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
    is: (option) => values[option] === true,
  };
}

function parsedArgs(
  command: Command,
  args: readonly string[],
  options: Record<string, { type: 'string' | 'boolean' }>,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const { message } = cause as Error;
    throw new CommandLineError(
      `${command.name}: ${message.split('. ')[0]}. carillon ${command.name} --help shows its options.`,
      EXIT.usage,
      { cause },
    );
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
