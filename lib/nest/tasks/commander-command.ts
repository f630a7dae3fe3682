import { parseArgs } from 'node:util';
import { InvalidCommandArgumentsError } from './command-errors.js';
import { commandOptions } from './commander-options.js';
import type { NamedClass } from '../discovery/hosts.js';
import type { CommandOption } from './commander-options.js';

/** Key under which nest-commander's decorator leaves what it was given. */
const COMMAND = 'CommandBuilder:Command:Meta';

interface CommandNote {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** As `<file> [target]`. */
  readonly arguments?: string;
}

/** What nest-commander calls for a command. */
export interface CommandRunner {
  run(words: string[], options: Record<string, unknown>): unknown;
}

/** Names under which nest-commander runs this class; none: it is not a command. */
export function commanderNames(type: NamedClass): readonly string[] {
  const note = noteOf(type);
  return note === undefined ? [] : [note.name, ...(note.aliases ?? [])];
}

/**
 * Calls a nest-commander command in this process, with its words and options parsed as its decorators say.
 *
 * @throws {InvalidCommandArgumentsError}
 */
export function runCommander(runner: CommandRunner, type: NamedClass, args: readonly string[]): unknown {
  const { name, arguments: wanted = '' } = noteOf(type)!;
  const refuse = (problem: string): never => {
    throw new InvalidCommandArgumentsError(name, args, problem);
  };
  const options = commandOptions(type);
  const { words, given } = parse(args, options, refuse);
  const missing = wanted.split(' ').filter((word) => word.startsWith('<'))[words.length];
  if (missing !== undefined) refuse(`its argument ${missing} is missing.`);
  return runner.run(words, valuesOf(runner, options, { given, refuse }));
}

function noteOf(type: NamedClass): CommandNote | undefined {
  return Reflect.getMetadata(COMMAND, type) as CommandNote | undefined;
}

type Refuse = (problem: string) => never;
/** By flag; true: the option without a value. */
type Given = ReadonlyMap<string, readonly (string | true)[]>;

function parse(args: readonly string[], options: readonly CommandOption[], refuse: Refuse) {
  const known = options.map(({ flag, short, value }) => {
    const type: 'string' | 'boolean' = value === 'none' ? 'boolean' : 'string';
    return [flag, { type, multiple: true, ...(short === undefined ? {} : { short }) }] as const;
  });
  const { spelled, bare } = spelledOut(args, options);
  try {
    const parsed = parseArgs({ args: spelled, options: Object.fromEntries(known), allowPositionals: true });
    const values = parsed.values as Readonly<Record<string, (string | true)[]>>;
    return { words: parsed.positionals, given: new Map([...bare, ...Object.entries(values)]) };
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** `--name=value` for each value: `parseArgs` knows none that may be left out, nor several after one option. */
function spelledOut(args: readonly string[], options: readonly CommandOption[]) {
  const spelled: string[] = [];
  const bare = new Map<string, readonly (string | true)[]>();
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--') {
      spelled.push(...args.slice(at));
      break;
    }
    const option = options.find(({ flag, short }) => args[at] === `--${flag}` || args[at] === `-${short}`);
    const values = option === undefined ? [] : valuesAfter(args.slice(at + 1), option);
    at += values.length;
    if (values.length > 0) spelled.push(...values.map((value) => `--${option!.flag}=${value}`));
    else if (option?.value === 'optional') bare.set(option.flag, [true]);
    else spelled.push(args[at]);
  }
  return { spelled, bare };
}

function valuesAfter(words: readonly string[], { value, takesSeveral }: CommandOption): readonly string[] {
  if (value === 'none') return [];
  const option = words.findIndex((word) => /^-./.test(word));
  const free = option === -1 ? words.length : option;
  // One that must have a value takes what follows, whatever it is.
  const least = value === 'required' ? Math.min(1, words.length) : 0;
  return words.slice(0, Math.max(least, takesSeveral ? free : Math.min(1, free)));
}

interface GivenValues {
  readonly given: Given;
  readonly refuse: Refuse;
}

function valuesOf(runner: CommandRunner, options: readonly CommandOption[], { given, refuse }: GivenValues) {
  const found: Record<string, unknown> = {};
  for (const option of options) {
    const { flag, key, required, isNegation, defaultValue } = option;
    const texts = given.get(flag);
    if (texts !== undefined) found[key] = valueOf(runner, option, { texts, refuse });
    else if (defaultValue !== undefined) found[key] = defaultValue;
    else if (required === true) refuse(`its option --${flag} is missing.`);
    else if (isNegation) found[key] ??= true;
  }
  return found;
}

interface GivenTexts {
  readonly texts: readonly (string | true)[];
  readonly refuse: Refuse;
}

/** Its method is called with each text, and with what it made of the one before. */
function valueOf(runner: CommandRunner, option: CommandOption, { texts, refuse }: GivenTexts): unknown {
  const { method, flag, choices, isNegation, value } = option;
  if (isNegation) return false;
  const methods = runner as unknown as Record<string, (text: unknown, before: unknown) => unknown>;
  let made: unknown = option.defaultValue;
  for (const text of texts) {
    if (Array.isArray(choices) && !choices.includes(text)) {
      refuse(`--${flag} is one of ${choices.join(', ')}, not ${String(text)}.`);
    }
    made = text === true && value === 'optional' ? true : methods[method](text, made);
  }
  return made;
}
