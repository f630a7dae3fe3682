import type { CommandOption } from './commander-options.js';
import type { GivenText, ReadWords } from './commander-words.js';

type OptionMethod = (text: unknown, before: unknown) => unknown;

export interface ValueParts {
  /** The command, whose methods make values of texts. */
  readonly runner: object;
  readonly options: readonly CommandOption[];
  readonly refuse: (problem: string) => never;
}

/** What `run` of a command gets as its options: what the line says, else the environment, else the defaults. */
export function optionValues({ given }: Pick<ReadWords, 'given'>, parts: ValueParts): Record<string, unknown> {
  const found = defaultsOf(parts.options);
  const set = new Set<string>();
  for (const [option, texts] of given) {
    for (const text of texts) found[option.key] = valueOf(option, text, { ...parts, before: found[option.key] });
    set.add(option.key);
  }
  for (const option of parts.options) {
    const text = option.env === undefined ? undefined : process.env[option.env];
    if (text === undefined || set.has(option.key)) continue;
    const passed = option.value === 'none' ? undefined : text;
    found[option.key] = valueOf(option, passed, { ...parts, before: found[option.key] });
  }
  const missing = parts.options.find(({ required, key }) => required === true && found[key] === undefined);
  if (missing !== undefined) parts.refuse(`its option --${missing.flag} is missing.`);
  return found;
}

/** `--no-color` alone makes `color` true where it does not stand. */
function defaultsOf(options: readonly CommandOption[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { isNegation, flag, key, defaultValue } of options) {
    const isAlone = isNegation && !options.some((other) => other.flag === flag.slice(3));
    const value = defaultValue ?? (isAlone ? true : undefined);
    if (value !== undefined) found[key] = value;
  }
  return found;
}

interface ValueSite extends ValueParts {
  readonly before: unknown;
}

/** Its method is called with each text, and with what it made of the one before; without an answer it is true. */
function valueOf(option: CommandOption, text: GivenText, site: ValueSite): unknown {
  const { runner, before } = site;
  const passed = text ?? (option.defaultValue === undefined ? text : option.defaultValue);
  if (typeof passed === 'string') refuseOtherChoices(option, passed, site);
  const methods = runner as Record<string, OptionMethod>;
  const made = passed === null ? null : methods[option.method](passed, before);
  if (made !== null && made !== undefined) return made;
  if (option.isNegation) return false;
  return option.value === 'required' ? '' : true;
}

function refuseOtherChoices(option: CommandOption, text: string, { runner, refuse }: ValueParts): void {
  const choices = choicesOf(option, runner);
  if (choices === undefined) return;
  if (choices === null) {
    refuse(
      `nothing knows the choices of --${option.flag}: add a method with @OptionChoiceFor({ name: '${option.key}' }).`,
    );
  } else if (!choices.includes(text)) {
    refuse(`--${option.flag} is one of ${choices.join(', ')}, not ${text}.`);
  }
}

/** undefined: any text; null: a method should know them, and there is none. */
function choicesOf({ choices, choicesMethod }: CommandOption, runner: object): readonly string[] | null | undefined {
  if (choices !== true) return choices === undefined || choices.length === 0 ? undefined : choices;
  if (choicesMethod === undefined) return null;
  return (runner as Record<string, () => readonly string[]>)[choicesMethod]();
}
