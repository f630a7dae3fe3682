import { orNull } from './literals.js';

/** Columns of rows that are to be written. One whose values are all the same is a value, not a column of each row. */
export class ValueColumns {
  private readonly columns: { readonly name: string; readonly values: readonly (number | null)[] }[] = [];

  /** @param count rows */
  constructor(private readonly count: number) {}

  /** Answers how to name it in the statement. */
  add(name: string, values: readonly (number | null)[]): string {
    const [first] = values;
    if (this.columns.length > 0 && values.every((value) => value === first)) return String(orNull(first));
    this.columns.push({ name, values });
    return `v.${name}`;
  }

  /** The rows as the table `v`, to stand before a SELECT. */
  table(isMariaDb: boolean): string {
    const start = isMariaDb ? '(' : 'ROW(';
    const rows: string[] = [];
    for (let at = 0; at < this.count; at++) {
      let row = start;
      for (const { values } of this.columns) row += `${row === start ? '' : ','}${orNull(values[at])}`;
      rows.push(`${row})`);
    }
    return `WITH v (${this.columns.map(({ name }) => name).join(', ')}) AS (VALUES ${rows.join(',')})`;
  }
}
