/** One word of a shell, quotes and all, as far as it may be a value. */
const WORD = `(?:'[^']*'|"(?:[^"\\\\]|\\\\.)*"|\\\\.|[^\\s'"\\\\;|&<>])+`;

/** What ends the name of an option, a variable or a field that holds a secret; `--password-file` does not. */
const SECRET =
  '(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credentials?|signature|authorization|(?:api|access|account|auth|private|secret|encryption|master)[-_]?key(?:[-_]?base)?)';

/** A whole name: from its beginning, so that a long word is looked through once. */
const NAME = `(?<![\\w.-])(?!--?no-)(?:[\\w.-]*${SECRET}|(?:[\\w.-]*[_.-])?pass)`;

const HIDDEN = '***';

interface Rule {
  /** Its first group stays, its second is the secret. */
  readonly pattern: RegExp;
  /** Programs that read the option so; without it: any. */
  readonly of?: RegExp;
}

const RULES: readonly Rule[] = [
  // https://user:secret@host, redis://:secret@host, https://secret@host
  { pattern: /(\b[a-z][a-z\d+.-]*:\/\/[^\s:@/'"]*:)([^\s'"]{1,500})(?=@)/gi },
  { pattern: /(\bhttps?:\/\/)([^\s:@/'"]{1,500})(?=@)/gi },
  // --token=secret, PGPASSWORD=secret, ?api_key=secret
  { pattern: new RegExp(`(${NAME}=)(${WORD})`, 'gi') },
  // --password secret
  { pattern: new RegExp(`((?<![\\w.-])(?:--(?!no-)[\\w.-]*|-)(?:${SECRET}|(?<=[_.-])pass)\\s+)((?!-)${WORD})`, 'gi') },
  // "password": "secret"; Authorization: Bearer secret
  { pattern: new RegExp(`(${NAME}["']\\s*:\\s*")([^"]*)`, 'gi') },
  { pattern: new RegExp(`(${NAME}["']?\\s*:\\s*(?:(?:bearer|basic|token)\\s+)?)([^\\s'",;&}]+)`, 'gi') },
  { pattern: /(\b(?:bearer|basic)\s+)([\w+/=.~-]{8,})/gi },
  { of: /(?:mysql|mariadb)[\w-]*|7z\w*|sshpass/, pattern: new RegExp(`(\\s-p)((?!\\s)${WORD})`, 'g') },
  { of: /sshpass|mongo\w*/, pattern: new RegExp(`(\\s-p\\s+)(${WORD})`, 'g') },
  { of: /zip|sqlcmd/, pattern: new RegExp(`(\\s-P\\s*)(${WORD})`, 'g') },
  { of: /redis-cli|valkey-cli/, pattern: new RegExp(`(\\s-a\\s+)(${WORD})`, 'g') },
  { of: /ldap\w+/, pattern: new RegExp(`(\\s-w\\s*)(${WORD})`, 'g') },
  { of: /curl/, pattern: new RegExp(`(\\s(?:-u\\s*|--(?:proxy-)?user[=\\s]\\s*)["']?[^\\s:'"]*:)([^\\s'"]+)`, 'g') },
  { of: /smbclient/, pattern: new RegExp(`(\\s-U\\s*["']?[^\\s%'"]*%)([^\\s'"]+)`, 'g') },
  { of: /openssl/, pattern: new RegExp(`(\\spass:)(${WORD})`, 'g') },
];

/**
 * A command line without the secrets that can be told by how they are written: passwords in URLs, values of options,
 * variables and headers whose name says so, and what well-known programs take as a password. What stands in a variable,
 * `$TOKEN`, is shown.
 */
export function redacted(line: string): string {
  return RULES.reduce((text, { pattern, of }) => {
    if (of !== undefined) return ofProgram(text, of, (part) => hidden(part, pattern));
    return hidden(text, pattern);
  }, line);
}

function hidden(text: string, pattern: RegExp): string {
  return text.replace(pattern, (all: string, before: string, secret: string) => {
    return isVariable(secret) ? all : `${before}${HIDDEN}`;
  });
}

function isVariable(value: string): boolean {
  return /^"?\$(?:\w+|\{\w+\})"?$/.test(value);
}

/** The parts of a line that such a program is called in, up to the next command. */
function ofProgram(line: string, program: RegExp, change: (part: string) => string): string {
  const call = new RegExp(`(?<![\\w.-])(?:${program.source})(?![\\w.-])[^|;&\\n]*`, 'g');
  return line.replace(call, change);
}
