/** Rows of a CSV text with a header line, by column name. Quoted fields may hold commas, quotes and line ends (RFC 4180). */
export function parseCsv(text: string): Record<string, string>[] {
  const [header, ...rows] = csvLines(text);
  if (header === undefined) return [];
  return rows.map((fields) => Object.fromEntries(header.map((name, column) => [name, fields[column] ?? ''])));
}

function csvLines(text: string): string[][] {
  const lines: string[][] = [[]];
  // A field, quoted or plain, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/gy;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    const [, quoted, plain, end] = match;
    lines.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '') break;
    if (end !== ',') lines.push([]);
  }
  return lines.filter((line) => line.some((value) => value !== ''));
}
