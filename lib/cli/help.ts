import type { Command, CommandOption } from './command.js';
import type { Colours } from './terminal.js';

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, CommandOption>> = {
  app: { type: 'string', value: 'file', text: 'compiled root module, such as dist/app.module.js#AppModule' },
  json: { type: 'boolean', text: 'print data only' },
  verbose: { type: 'boolean', text: 'also where an error comes from' },
  help: { type: 'boolean', text: 'show this' },
};

/** All commands. */
export function overview(commands: readonly Command[], colours: Colours): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${colours.bold('carillon')} <command> [options]`,
    '',
    ...commands.map(({ name, summary }) => `  ${colours.green(name.padEnd(width))}  ${summary}`),
    '',
    'carillon <command> --help shows options and examples.',
  ];
}

/** One command. */
export function helpOf({ name, words, summary, options, examples }: Command, colours: Colours): string[] {
  const all = Object.entries({ ...options, ...COMMON_OPTIONS }).map(([option, { value, text }]) => [
    `--${option}${value === undefined ? '' : ` <${value}>`}`,
    text,
  ]);
  const width = Math.max(...all.map(([option]) => option.length));
  return [
    summary,
    '',
    `${colours.bold('Usage')}  carillon ${[name, ...words].join(' ')} [options]`,
    '',
    ...all.map(([option, text]) => `  ${colours.green(option.padEnd(width))}  ${text}`),
    '',
    colours.bold('Examples'),
    ...examples.map((example) => `  ${example}`),
  ];
}
