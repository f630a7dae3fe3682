import type { CommandOption } from './commander-options.js';

/** What stands for an option: its text; null: it may have one and has none; undefined: it never has one. */
export type GivenText = string | null | undefined;

/** A line of a command, read. */
export interface ReadWords {
  /** What is no option; unknown options too, where they are taken. */
  readonly words: readonly string[];
  /** What each option that stands there was given, in order. */
  readonly given: ReadonlyMap<CommandOption, readonly GivenText[]>;
}

export interface WordRules {
  readonly options: readonly CommandOption[];
  /** true: an option that is not known is a word. */
  readonly takesUnknown: boolean;
  readonly refuse: (problem: string) => never;
}

/**
 * Parts a command's words from its options, in the manner of commander: `--flag value`, `--flag=value`, `-f value`, `-fvalue`,
 * `-ab` for two flags, and `--` before what is a word whatever it looks like.
 */
export function readWords(args: readonly string[], rules: WordRules): ReadWords {
  return new WordReader([...args], rules).read();
}

const looksLikeOption = (word: string): boolean => word.length > 1 && word.startsWith('-');

class WordReader {
  private readonly words: string[] = [];
  private readonly unknown: string[] = [];
  private readonly given = new Map<CommandOption, GivenText[]>();
  /** Takes what follows, until an option does. */
  private open: CommandOption | null = null;

  constructor(
    private readonly left: string[],
    private readonly rules: WordRules,
  ) {}

  read(): ReadWords {
    for (let word = this.left.shift(); word !== undefined; word = this.left.shift()) {
      if (word === '--') {
        this.words.push(...this.left.splice(0));
      } else if (!looksLikeOption(word)) {
        this.takeWord(word);
      } else {
        this.open = null;
        this.takeOption(word);
      }
    }
    return { words: [...this.words, ...this.unknown], given: this.given };
  }

  private takeWord(word: string): void {
    if (this.open !== null) this.give(this.open, word);
    // What follows an option that nobody knows may be its value.
    else (this.unknown.length > 0 ? this.unknown : this.words).push(word);
  }

  private takeOption(word: string): void {
    const whole = this.named(word);
    if (whole !== undefined) return this.takeValue(whole, word);
    const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const assigned = flag === undefined ? undefined : this.named(flag);
    if (assigned !== undefined && assigned.value !== 'none') return this.give(assigned, value);
    const first = word.startsWith('--') ? undefined : this.named(word.slice(0, 2));
    if (first !== undefined) return this.takeJoined(first, word.slice(2));
    if (!this.rules.takesUnknown) this.rules.refuse(`Unknown option '${word}'.`);
    this.unknown.push(word);
  }

  /** `-n3`, and `-ab` for `-a -b`. */
  private takeJoined(option: CommandOption, rest: string): void {
    if (option.value !== 'none') return this.give(option, rest);
    this.give(option, undefined);
    this.left.unshift(`-${rest}`);
  }

  private takeValue(option: CommandOption, word: string): void {
    if (option.value === 'none') return this.give(option, undefined);
    const [next] = this.left;
    // One that must have a value takes what follows, whatever it is.
    if (option.value === 'required') {
      if (next === undefined) this.rules.refuse(`the argument of its option ${word} is missing.`);
      this.give(option, this.left.shift());
    } else {
      this.give(option, next === undefined || looksLikeOption(next) ? null : this.left.shift());
    }
    if (option.takesSeveral) this.open = option;
  }

  private named(word: string): CommandOption | undefined {
    return this.rules.options.find(({ flag, short }) => word === `--${flag}` || word === `-${short}`);
  }

  private give(option: CommandOption, text: GivenText): void {
    const texts = this.given.get(option);
    if (texts === undefined) this.given.set(option, [text]);
    else texts.push(text);
  }
}
