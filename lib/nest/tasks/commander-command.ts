import { instancesOf } from '../handlers/instances.js';
import { InvalidCommandArgumentsError } from './command-errors.js';
import { commandNote, subCommandNote } from './commander-notes.js';
import { commandOptions } from './commander-options.js';
import { optionValues } from './commander-values.js';
import { readWords } from './commander-words.js';
import type { JobContext } from '../../core/index.js';
import type { Host, NamedClass } from '../discovery/index.js';
import type { CommandNote } from './commander-notes.js';

/** What nest-commander calls for a command. */
interface CommandRunner {
  run(words: readonly string[], options: Record<string, unknown>): unknown;
}

interface CommanderParts {
  readonly host: Host;
  /** The class that has the decorator. */
  readonly type: NamedClass;
  readonly note: CommandNote;
  /** As it is written: `mail send`. */
  readonly line: string;
  /** Where providers of sub-commands are looked for. */
  readonly hosts: readonly Host[];
}

/** A nest-commander command of the application, called in this process with its words and options as its decorators say. */
export class CommanderCommand {
  private readonly instanceFor: (job: JobContext) => unknown;

  private constructor(private readonly parts: CommanderParts) {
    this.instanceFor = instancesOf(parts.host.wrapper);
  }

  /** Null: this provider is no command. What a test provides in its place may extend it: the last class counts. */
  static of(host: Host, hosts: readonly Host[]): CommanderCommand | null {
    const type = host.types.findLast((it) => commandNote(it) !== undefined);
    if (type === undefined) return null;
    const note = commandNote(type)!;
    return new CommanderCommand({ host, type, note, line: note.name, hosts });
  }

  get type(): NamedClass {
    return this.parts.type;
  }

  /** Names under which nest-commander runs it. */
  get names(): readonly string[] {
    return namesOf(this.parts.note);
  }

  /** @throws {InvalidCommandArgumentsError} */
  async call(args: readonly string[], job: JobContext): Promise<unknown> {
    const [first, ...rest] = args;
    const named = this.subCommand((note) => namesOf(note).includes(first));
    if (named !== null) return named.call(rest, job);
    const usual = this.subCommand(({ options }) => options?.isDefault === true);
    return usual === null ? this.run(args, job) : usual.call(args, job);
  }

  private async run(args: readonly string[], job: JobContext): Promise<unknown> {
    const { note, type, line } = this.parts;
    const refuse = (problem: string): never => {
      throw new InvalidCommandArgumentsError(line, args, problem);
    };
    const options = commandOptions(type);
    const read = readWords(args, { options, takesUnknown: note.allowUnknownOptions === true, refuse });
    const { words } = read;
    if (this.subNotes().some((sub) => namesOf(sub.note).includes(words[0]))) {
      refuse(`options stand before its sub-command. Write them behind it: ${line} ${words[0]} --option.`);
    }
    const missing = wantedWords(note)[words.length];
    if (missing !== undefined) refuse(`its argument ${missing} is missing.`);
    const runner = (await this.instanceFor(job)) as CommandRunner;
    return runner.run(words, optionValues(read, { runner, options, refuse }));
  }

  /** The first one that is meant; null: none is. @throws {InvalidCommandArgumentsError} when nothing provides it */
  private subCommand(isMeant: (note: CommandNote) => boolean): CommanderCommand | null {
    const found = this.subNotes().find(({ note }) => isMeant(note));
    if (found === undefined) return null;
    const { hosts, line } = this.parts;
    const host = hosts.find(({ types }) => types.includes(found.type));
    if (host === undefined) {
      const advice = `no module provides ${found.type.name}. Add it to providers: ...${this.type.name}.registerWithSubCommands().`;
      throw new InvalidCommandArgumentsError(`${line} ${found.note.name}`, [], advice);
    }
    const type = host.types.findLast((it) => subCommandNote(it) !== undefined) ?? found.type;
    return new CommanderCommand({ host, type, note: found.note, line: `${line} ${found.note.name}`, hosts });
  }

  private subNotes(): readonly { readonly type: NamedClass; readonly note: CommandNote }[] {
    return (this.parts.note.subCommands ?? []).flatMap((type) => {
      const note = subCommandNote(type);
      return note === undefined ? [] : [{ type, note }];
    });
  }
}

function namesOf({ name, aliases = [] }: CommandNote): readonly string[] {
  return [name, ...aliases];
}

/** Words that must stand there. */
function wantedWords({ arguments: wanted = '' }: CommandNote): readonly string[] {
  return wanted.split(' ').filter((word) => word.startsWith('<'));
}
