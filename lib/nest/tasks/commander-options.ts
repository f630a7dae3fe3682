import { choicesMethod, optionNotes } from './commander-notes.js';
import type { NamedClass } from '../discovery/hosts.js';
import type { OptionNote } from './commander-notes.js';

/** `force`, `<file>`, `[file]`, and `<file...>` for each of several. */
export type OptionValue = 'none' | 'required' | 'optional';

/** An option of a command, as its decorator says. */
export interface CommandOption extends OptionNote {
  /** The method that makes a value of the text. */
  readonly method: string;
  /** The method that knows its choices; undefined: the note does, or there are none. */
  readonly choicesMethod: string | undefined;
  readonly flag: string;
  readonly short: string | undefined;
  readonly key: string;
  readonly value: OptionValue;
  readonly takesSeveral: boolean;
  /** `--no-color`: makes `color` false, which is true without it. */
  readonly isNegation: boolean;
}

/** Options of a command, those of classes that it extends included. */
export function commandOptions(type: NamedClass): readonly CommandOption[] {
  return [...optionNotes(type)].map(([method, note]) => ({
    ...note,
    method,
    choicesMethod: note.choices === true ? choicesMethod(type, note.name ?? '') : undefined,
    ...readFlags(note),
  }));
}

function readFlags({ flags, name }: OptionNote): Omit<CommandOption, 'method' | 'choicesMethod' | 'flags'> {
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
