import { parseArgs } from 'node:util';
import { SchedulerError } from '../core/index.js';
import { nearest } from '../nest/index.js';
import { textOf } from './app-path.js';
import { startApplication } from './application.js';
import { COMMANDS } from './commands/index.js';
import { CommandLineError, EXIT } from './errors.js';
import { COMMON_OPTIONS, helpOf, overview } from './help.js';
import { RunWatch } from './run-watch.js';
import { Signals } from './signals.js';
import { StderrConsole, StderrLogger } from './stderr-logger.js';
import type { Application } from './application.js';
import type { Command, CommandParts, Given } from './command.js';
import type { Terminal } from './terminal.js';

/** Refused by the registry, and it is the words that were wrong. */
const MISUNDERSTOOD: ReadonlySet<string> = new Set([
  'INVALID_OPTIONS',
  'INVALID_ARGUMENTS',
  'INVALID_TIMEZONE',
  'UNKNOWN_JOB',
  'UNKNOWN_RUN',
  'JOB_NOT_ENABLED',
]);

/**
 * Runs one command of the command line `carillon`.
 *
 * @param words what stands behind `carillon`
 * @param leave ends the command for who called it while this process goes on; null: it is the caller's own process
 * @returns the exit code: 0, 1 when the answer is no, 2 when it was not understood, 3 when the application does not start,
 *   4 when it could not be done
 */
export async function runCommandLine(
  words: readonly string[],
  terminal: Terminal,
  leave: CommandParts['leave'] = null,
): Promise<number> {
  try {
    return await dispatch(words, terminal, leave);
  } catch (error) {
    terminal.err(terminal.colours.red(textOf(error)));
    if (words.includes('--verbose') && error instanceof Error) terminal.err(stackOf(error));
    if (error instanceof CommandLineError) return error.exitCode;
    return error instanceof SchedulerError && MISUNDERSTOOD.has(error.code) ? EXIT.usage : EXIT.failed;
  }
}

async function dispatch(words: readonly string[], terminal: Terminal, leave: CommandParts['leave']): Promise<number> {
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
  return carryOut(command, given, { terminal, leave });
}

const ENDING = 'no more is started; open runs may end. Once more ends them at once.';

async function carryOut(
  command: Command,
  given: Given,
  { terminal, leave }: Pick<CommandParts, 'terminal' | 'leave'>,
): Promise<number> {
  const mode = command.start(given);
  const signals = new Signals(terminal, mode.observes === true ? null : ENDING);
  try {
    let watch: RunWatch | null = null;
    const application = await startApplication(given.text('app'), {
      mode,
      logger: command.runs?.(given) === 'on' ? new StderrConsole() : new StderrLogger(terminal),
      assembled: (assembly) => {
        if (command.runs !== undefined) watch = new RunWatch(assembly, { terminal, asJson: given.is('json') });
      },
    });
    const parts: CommandParts = {
      ...application,
      ...{ given, terminal, signals, watch, leave, print: printer(given, terminal) },
    };
    return await closing(application, () => signals.orAsked(() => command.run(parts)));
  } finally {
    signals.end();
  }
}

/** Closes the application behind the work; what went wrong in the work comes before what goes wrong then. */
async function closing(application: Application, work: () => Promise<number>): Promise<number> {
  let code: number;
  try {
    code = await work();
  } catch (error) {
    await application.close().catch(() => undefined);
    throw error;
  }
  await application.close();
  return code;
}

function printer(given: Given, terminal: Terminal): CommandParts['print'] {
  return (data, show) => {
    if (given.is('json')) terminal.out(JSON.stringify(data, null, 2));
    else show().forEach((line) => terminal.out(line));
  };
}

function commandNamed(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name || command.name === `schedule:${name}`);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    COMMANDS.flatMap((command) => [command.name.replace('schedule:', ''), command.name]),
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
        `${'from' in command.options && 'to' in command.options ? 'Instants are given by --from and --to. ' : ''}` +
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
      `${command.name}: ${message.split(/\. |\.?\n/)[0]}. carillon ${command.name} --help shows its options.`,
      EXIT.usage,
      { cause },
    );
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
