import { booleans, numbers } from './arrays.js';

type Value = number | boolean | null;

/** Columns for `unnest`, beside keys that come first, as `run_key`. One whose values are all the same is a value, not an array. */
export class Columns {
  private readonly arrays = ['$1::bigint[]'];
  private readonly columns = ['run_key'];

  constructor(readonly values: unknown[]) {}

  /** Answers how to name it in the statement: `u.token`, or a value of its own. */
  add(name: string, type: string, column: readonly Value[]): string {
    const [first] = column;
    if (column.every((value) => value === first)) return `$${this.values.push(first)}::${type}`;
    const array = type === 'boolean' ? booleans(column as boolean[]) : numbers(column as (number | null)[]);
    this.arrays.push(`$${this.values.push(array)}::${type}[]`);
    this.columns.push(name);
    return `u.${name}`;
  }

  get types(): string {
    return this.arrays.join(', ');
  }

  get names(): string {
    return this.columns.join(', ');
  }
}
