import { prototypeOf } from '../discovery/hosts.js';
import type { NamedClass } from '../discovery/hosts.js';

/** Key under which nest-commander's decorator leaves what it was given. */
const OPTION = 'CommandBuilder:Option:Meta';

interface OptionNote {
  /** As `-f, --force [boolean]`. */
  readonly flags: string;
  readonly defaultValue?: unknown;
  readonly required?: boolean;
  /** What `run` finds it by; default: its flag in camel case. */
  readonly name?: string;
  /** true: a method of the class knows them, which is left to nest-commander. */
  readonly choices?: readonly string[] | true;
}

/** `force`, `<file>`, `[file]`, and `<file...>` for each of several. */
export type OptionValue = 'none' | 'required' | 'optional';

/** An option of a command, as its decorator says. */
export interface CommandOption extends OptionNote {
  /** The method that makes a value of the text. */
  readonly method: string;
  readonly flag: string;
  readonly short: string | undefined;
  readonly key: string;
  readonly value: OptionValue;
  readonly takesSeveral: boolean;
  /** `--no-color`: makes `color` false, which is true without it. */
  readonly isNegation: boolean;
}

/** Methods with an option's decorator, of the class and those it extends. */
export function commandOptions(type: NamedClass): readonly CommandOption[] {
  const found = new Map<string, CommandOption>();
  for (let level = prototypeOf(type); level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value !== 'function' || found.has(method)) continue;
      const note = Reflect.getMetadata(OPTION, value as object) as OptionNote | undefined;
      if (note !== undefined) found.set(method, { ...note, method, ...readFlags(note) });
    }
  }
  return [...found.values()];
}

function readFlags({ flags, name }: OptionNote): Omit<CommandOption, 'method' | 'flags'> {
  const long = /--([\w-]+)/.exec(flags)?.[1];
  const short = /(?:^|[\s,|])-(\w)(?![\w-])/.exec(flags)?.[1];
  const flag = long ?? short ?? '';
  const isNegation = flag.startsWith('no-');
  return {
    flag,
    short,
    key: name !== undefined && name !== '' ? name : camelCase(isNegation ? flag.slice(3) : flag),
    value: flags.includes('<') ? 'required' : flags.includes('[') ? 'optional' : 'none',
    takesSeveral: /\.\.\.[>\]]/.test(flags),
    isNegation,
  };
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
