import type { Kind, OptionTable, Problem } from './kind.js';
import { isPlainObject, mustBe, problem } from './kind.js';
import { nearest } from './nearest.js';
import { showOption } from './show.js';

/** Names of other schedulers that are no option here, with what to write instead. */
export type Foreign = Readonly<Record<string, string>>;

export interface GroupRules {
  readonly foreign?: Foreign;
  /** What no single option can tell: contradictions. Asked only when every option is fine by itself. */
  readonly together?: (options: Record<string, unknown>) => readonly Problem[];
}

/** An object whose options are those of `table`. */
export function group(table: OptionTable, rules: GroupRules = {}): Kind {
  return {
    type: 'object',
    inner: table,
    check(value, option) {
      if (!isPlainObject(value)) return mustBe(option, value, 'an object of options');
      return checkOptions(value, option, table, rules);
    },
  };
}

/** Everything wrong with `options`, each at its path below `prefix`. */
export function checkOptions(
  options: Record<string, unknown>,
  prefix: string,
  table: OptionTable,
  rules: GroupRules = {},
): Problem[] {
  const problems: Problem[] = [];
  // Without a list of the names, and plain: thousands of jobs are checked at one start.
  for (const name in options) {
    const value = options[name];
    if (value === undefined || !Object.hasOwn(options, name)) continue;
    const option = prefix === '' ? name : `${prefix}.${name}`;
    const spec = Object.hasOwn(table, name) ? table[name] : undefined;
    const found =
      spec === undefined ? unknownOption(name, value, option, { table, rules }) : spec.kind.check(value, option);
    if (found.length > 0) problems.push(...found);
  }
  if (problems.length > 0 || rules.together === undefined) return problems;
  return rules.together(options).map((it) => ({ ...it, option: prefix === '' ? it.option : `${prefix}.${it.option}` }));
}

function unknownOption(
  name: string,
  value: unknown,
  option: string,
  { table, rules }: { table: OptionTable; rules: GroupRules },
): Problem[] {
  const shown = showOption(name, value);
  const ours = Object.keys(table).find((known) => table[known]?.neighbours?.includes(name));
  if (ours !== undefined) {
    const { kind } = table[ours];
    const isOneOfList = kind.check(value, option).length > 0 && kind.check([value], option).length === 0;
    const write = isOneOfList ? `[${shown}]` : shown;
    return problem(option, value, `is called '${ours}' here: write ${ours}: ${write}.`);
  }
  const advice = rules.foreign !== undefined && Object.hasOwn(rules.foreign, name) ? rules.foreign[name] : undefined;
  if (advice !== undefined) return problem(option, value, `is no option here (value ${shown}). ${advice}`);
  const meant = nearest(name, Object.keys(table));
  const known = meant === null ? `Known are ${Object.keys(table).join(', ')}.` : `Did you mean '${meant}'?`;
  return problem(option, value, `is unknown (value ${shown}). ${known}`);
}

/** An object of named entries of one kind. */
export function mapOf(entry: Kind, key: Kind): Kind {
  return {
    type: `Record<string, ${entry.type}>`,
    ...(entry.inner === undefined ? {} : { inner: entry.inner }),
    check(value, option) {
      if (!isPlainObject(value)) return mustBe(option, value, 'an object of entries by name');
      return Object.entries(value).flatMap(([name, one]) => [
        ...key.check(name, `${option}.${name}`),
        ...(one === undefined
          ? mustBe(`${option}.${name}`, one, 'given', 'Remove the entry.')
          : entry.check(one, `${option}.${name}`)),
      ]);
    },
  };
}
