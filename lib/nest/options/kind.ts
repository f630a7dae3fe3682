import { show } from './show.js';

/** What is wrong with one value; the place is added by whoever knows it. */
export interface Problem {
  readonly option: string;
  readonly value: unknown;
  readonly message: string;
}

/** What an option may be: for validation and for the reference alike. */
export interface Kind {
  /** As the reference shows it: `number`, `'skip' | 'bufferOne'`. */
  readonly type: string;
  /** Of a number or a length of time: `ms`, `min`. */
  readonly unit?: string;
  /** As the reference shows them: `1 to 1,000`. */
  readonly limits?: string;
  /** Options inside this one, for the reference. */
  readonly inner?: OptionTable;
  /** What is wrong with `value`, given as `option`; nothing when it may stand. Never called with undefined. */
  check(value: unknown, option: string): Problem[];
}

/** One row of a table of options. */
export interface OptionSpec {
  readonly kind: Kind;
  /** As the reference shows it; absent: none. */
  readonly default?: string;
  /** Names that other schedulers give this option; refused with ours in the message. */
  readonly neighbours?: readonly string[];
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** A table with one row for each option of `T`, checked by the compiler. */
export type TableOf<T> = { readonly [K in keyof Required<T>]: OptionSpec };

/** One problem, as the list that `check` answers. */
export function problem(option: string, value: unknown, message: string): Problem[] {
  return [{ option, value, message }];
}

/** "is X; it must be Y. Advice": the usual form of a message. */
export function mustBe(option: string, value: unknown, must: string, advice = ''): Problem[] {
  return problem(option, value, `is ${show(value)}; it must be ${must}.${advice === '' ? '' : ` ${advice}`}`);
}

/** "is X and …": what one option says against another. */
export function conflict(option: string, value: unknown, sentence: string): Problem[] {
  return problem(option, value, `is ${show(value)} and ${sentence}`);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
