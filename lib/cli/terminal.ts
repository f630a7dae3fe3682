/** Where a command writes, and what that can show. */
export interface Terminal {
  /** Data: what `--json` and pipes get. */
  out(text: string): void;
  /** Everything else: progress, warnings, errors. */
  err(text: string): void;
  readonly isInteractive: boolean;
  /** Characters in a line; Infinity where nobody looks. */
  readonly columns: number;
  readonly colours: Colours;
}

/** Wraps text in a colour, or leaves it. */
export type Colour = (text: string) => string;

export interface Colours {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly red: Colour;
  readonly green: Colour;
  readonly yellow: Colour;
  readonly cyan: Colour;
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Colours, or none of them. */
export function coloursFor(isOn: boolean): Colours {
  const entries = Object.entries(CODES).map(([name, [on, off]]): [string, Colour] => [
    name,
    isOn ? (text) => `\u001b[${on}m${text}\u001b[${off}m` : (text) => text,
  ]);
  return Object.fromEntries(entries) as unknown as Colours;
}

/** This process's own terminal. `NO_COLOR` and `FORCE_COLOR` are obeyed (no-color.org). */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const isInteractive = stdout.isTTY === true;
  const isForced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const isRefused = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const width = Number(env['COLUMNS'] ?? Number.NaN);
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    isInteractive,
    columns: Number.isInteger(width) && width > 0 ? width : isInteractive ? stdout.columns : Infinity,
    colours: coloursFor(isForced || (isInteractive && !isRefused)),
  };
}
