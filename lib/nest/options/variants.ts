import type { Kind, OptionTable, Problem } from './kind.js';
import { isPlainObject, mustBe, problem } from './kind.js';
import { nearest } from './nearest.js';
import { checkOptions } from './tables.js';

export interface VariantRules {
  /** `store`, `executor`: for messages. */
  readonly what: string;
  /** Whether a value is an implementation of the user's own. */
  isOwn(value: object): boolean;
  readonly interfaceName: string;
  /** Types that are none here, with what to write instead. */
  readonly foreign: Readonly<Record<string, string>>;
  readonly together?: Readonly<Record<string, (options: Record<string, unknown>) => readonly Problem[]>>;
}

/** An object whose options depend on its `type`, or an object that implements the interface itself. */
export function variants(tables: Readonly<Record<string, OptionTable>>, rules: VariantRules): Kind {
  const types = Object.keys(tables).map((type) => `'${type}'`);
  const shape = `{ type: ${types.join(' | ')} } or an object that implements ${rules.interfaceName}`;
  return {
    type: shape,
    check(value, option) {
      if (typeof value === 'object' && value !== null && rules.isOwn(value)) return [];
      if (typeof value === 'string') return mustBe(option, value, shape, `Write { type: '${value}' }.`);
      if (!isPlainObject(value)) return mustBe(option, value, shape);
      return checkVariant(value, option, tables, rules);
    },
  };
}

function checkVariant(
  value: Record<string, unknown>,
  option: string,
  tables: Readonly<Record<string, OptionTable>>,
  rules: VariantRules,
): Problem[] {
  const type = value['type'];
  const path = `${option}.type`;
  if (typeof type !== 'string')
    return mustBe(path, type, `the type of the ${rules.what}`, `Write one of ${names(tables)}.`);
  if (Object.hasOwn(tables, type)) {
    const together = rules.together?.[type];
    return checkOptions(value, option, tables[type], together === undefined ? {} : { together });
  }
  if (Object.hasOwn(rules.foreign, type)) {
    return problem(path, type, `is '${type}', which is no type of a ${rules.what} here. ${rules.foreign[type]}`);
  }
  const meant = nearest(type, Object.keys(tables));
  return mustBe(path, type, `one of ${names(tables)}`, meant === null ? '' : `Did you mean '${meant}'?`);
}

function names(tables: Readonly<Record<string, OptionTable>>): string {
  return Object.keys(tables)
    .map((type) => `'${type}'`)
    .join(', ');
}
