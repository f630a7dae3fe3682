/** A value as it stands in a statement. Each is plain ASCII and means the same in every SQL mode and character set. */
export type Literal = string | number;

/** A text as its bytes: nothing in it can end the literal, and no character set of a connection changes it. */
export function text(value: string | null): string {
  return value === null ? 'NULL' : `_utf8mb4 X'${Buffer.from(value, 'utf8').toString('hex')}'`;
}

/** Nothing but characters that are one byte in each character set, and no control characters. */
const PLAIN = /^[ -~]*$/;

/** For connections of the store's own, whose SQL mode and character set are known: half as long, where the text is plain. */
export function shortText(value: string): string {
  if (!PLAIN.test(value)) return text(value);
  const isBare = !value.includes("'") && !value.includes('\\');
  return `_utf8mb4'${isBare ? value : value.replace(/['\\]/g, '\\$&')}'`;
}

export function json(value: unknown): string {
  return value === null ? 'NULL' : text(JSON.stringify(value));
}

export function flag(value: boolean): Literal {
  return value ? 1 : 0;
}

export function orNull(value: number | null): Literal {
  return value ?? 'NULL';
}

/** Values for `IN (…)`; there is at least one. */
export function inList(values: Iterable<Literal>): string {
  return [...values].join(',') || 'NULL';
}

export function texts(values: Iterable<string>): string {
  return inList([...values].map(text));
}

export function keysOf(rows: readonly { readonly key: number }[]): string {
  return inList(rows.map((row) => row.key));
}

/** A statement is cut at about so many characters: servers take packets of a bounded size. */
const LONGEST = 500_000;

/** The same statement for a few rows at a time. `end` stands behind the rows. */
export function inParts(start: string, rows: readonly (readonly Literal[])[], end = ''): string[] {
  const statements: string[] = [];
  let part: string[] = [];
  let length = 0;
  for (const row of rows) {
    const written = `(${row.join(',')})`;
    if (part.length > 0 && length + written.length > LONGEST) {
      statements.push(`${start} VALUES ${part.join(',')} ${end}`);
      part = [];
      length = 0;
    }
    part.push(written);
    length += written.length;
  }
  if (part.length > 0) statements.push(`${start} VALUES ${part.join(',')} ${end}`);
  return statements;
}

/**
 * By their keys, never by a scan, which would wait for the locks of others (P27): where it deletes, the server heeds no hint,
 * but goes along the key for the first so many.
 */
export function deleteRows(table: string, key: string, { among, count }: { among: string; count: number }): string {
  return `DELETE FROM ${table} WHERE ${among} ORDER BY ${key} LIMIT ${count}`;
}

export function deleteByKeys(table: string, key: string, keys: readonly number[]): string {
  return deleteRows(table, key, { among: `${key} IN (${inList(keys)})`, count: keys.length });
}

/** `a = VALUES(a), …`, for rows that are there already. */
export function overwriting(columns: string): string {
  const each = columns.split(',').map((column) => column.trim());
  return `ON DUPLICATE KEY UPDATE ${each.map((column) => `${column} = VALUES(${column})`).join(', ')}`;
}
