import 'reflect-metadata';
import { coloursFor, runCommandLine } from '../../../lib/cli/index.js';

interface Asked {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Runs command lines one after another, as each would run in a process of its own; the imports are paid once. */
process.on('message', ({ words, env }: Asked) => {
  Object.assign(process.env, env);
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    isInteractive: false,
    columns: 100,
    colours: coloursFor(false),
  };
  runCommandLine(words, terminal).then(
    (code) => process.send!({ code, out: out.join('\n'), err: err.join('\n') }),
    (error: Error) => process.send!({ code: -1, out: out.join('\n'), err: error.stack }),
  );
});
process.send!('ready');
