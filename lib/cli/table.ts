import type { Colour } from './terminal.js';

/** A cell: its text, and how it is coloured once it has its width. */
export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

export interface TableShape {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Characters in a line. */
  readonly columns: number;
  /** Column that gives way when a line is too long. */
  readonly shrinks: number;
}

const GAP = 2;
const LEAST = 8;

/** Lines of a table whose columns are as wide as what they hold, and no line longer than the terminal. */
export function tableLines({ heads, rows, columns, shrinks }: TableShape, head: Colour): string[] {
  const widths = heads.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column].text.length)));
  const excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - columns;
  if (excess > 0) widths[shrinks] = Math.max(LEAST, widths[shrinks] - excess);
  const line = (cells: readonly Cell[]): string =>
    cells
      .map(({ text, colour }, column) => {
        const fitted = fit(text, widths[column], column === cells.length - 1);
        return colour === undefined ? fitted : fitted.replace(fitted.trimEnd(), colour);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [line(heads.map((text) => ({ text, colour: head }))), ...rows.map(line)];
}

function fit(text: string, width: number, isLast: boolean): string {
  if (text.length > width) return `${text.slice(0, width - 1)}…`;
  return isLast ? text : text.padEnd(width);
}
