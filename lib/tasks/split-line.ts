/** Words of a command line as a shell would part them: spaces part, quotes and backslashes keep together. */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)) words.push(unquoted(word));
  return words;
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
    (_, single?: string, double?: string, plain?: string) => {
      return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? plain ?? '';
    },
  );
}
