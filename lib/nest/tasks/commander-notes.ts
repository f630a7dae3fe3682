import { prototypeOf } from '../discovery/hosts.js';
import type { NamedClass } from '../discovery/hosts.js';

/** Keys under which nest-commander's decorators leave what they were given. */
const COMMAND = 'CommandBuilder:Command:Meta';
const SUB_COMMAND = 'CommandBuilder:Subcommand:Meta';
const OPTION = 'CommandBuilder:Option:Meta';
const CHOICES = 'CommandBuilder:OptionChoice:Meta';

/** What `@Command` or `@SubCommand` was given. */
export interface CommandNote {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** As `<file> [target]`. */
  readonly arguments?: string;
  readonly subCommands?: readonly NamedClass[];
  readonly allowUnknownOptions?: boolean;
  readonly options?: { readonly isDefault?: boolean };
}

/** What `@Option` was given. */
export interface OptionNote {
  /** As `-f, --force [boolean]`. */
  readonly flags: string;
  /** Also what an option that stands without its value is given. */
  readonly defaultValue?: unknown;
  readonly required?: boolean;
  /** What `run` finds it by; default: its flag in camel case. */
  readonly name?: string;
  /** true: a method of the class with `@OptionChoiceFor` knows them. */
  readonly choices?: readonly string[] | true;
  /** Environment variable that is read where the option is not given. */
  readonly env?: string;
}

export function commandNote(type: NamedClass): CommandNote | undefined {
  return Reflect.getMetadata(COMMAND, type) as CommandNote | undefined;
}

export function subCommandNote(type: NamedClass): CommandNote | undefined {
  return Reflect.getMetadata(SUB_COMMAND, type) as CommandNote | undefined;
}

/** Methods with an option's decorator, by name: of the class and those it extends. */
export function optionNotes(type: NamedClass): ReadonlyMap<string, OptionNote> {
  return methodNotes<OptionNote>(type, OPTION);
}

/** The method that knows the choices of the option of that name; undefined: there is none. */
export function choicesMethod(type: NamedClass, option: string): string | undefined {
  const notes = methodNotes<{ readonly name: string }>(type, CHOICES);
  return [...notes].find(([, { name }]) => name === option)?.[0];
}

function methodNotes<N>(type: NamedClass, key: string): ReadonlyMap<string, N> {
  const found = new Map<string, N>();
  for (let level = prototypeOf(type); level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value !== 'function' || found.has(method)) continue;
      const note = Reflect.getMetadata(key, value as object) as N | undefined;
      if (note !== undefined) found.set(method, note);
    }
  }
  return found;
}
