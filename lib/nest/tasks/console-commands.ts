import { DuplicateCommandError } from './command-errors.js';
import { CommanderCommand } from './commander-command.js';
import type { JobContext, TaskHandler } from '../../core/index.js';
import type { DecoratedMethod, Host, NamedClass } from '../discovery/index.js';
import type { MethodCalls } from '../handlers/index.js';

/** Calls a command with its words and options. */
export type CommandCall = (args: readonly string[], job: JobContext) => unknown;

interface Owned {
  readonly type: NamedClass;
  readonly owner: string;
  readonly moduleName: string;
  readonly call: CommandCall;
}

/** Console commands that providers of this application have: methods with `@ConsoleCommand`, and nest-commander's. */
export class ConsoleCommands {
  private readonly byName = new Map<string, Owned>();

  /** @throws {DuplicateCommandError} */
  constructor(hosts: readonly Host[], marked: readonly DecoratedMethod<string>[], calls: MethodCalls) {
    for (const { host, type, method, notes } of marked) {
      const owner = `${type.name}.${method}`;
      const handler: TaskHandler = calls.handlerOf(host, owner, method);
      const call: CommandCall = (args, job) => handler(args, job);
      for (const name of notes) this.add(name, { type, owner, moduleName: host.moduleName, call });
    }
    const seen = new Set<NamedClass>();
    for (const host of hosts) {
      const command = CommanderCommand.of(host, hosts);
      if (command !== null) this.addCommander(command, host, seen);
    }
  }

  /** Null: no provider has it. */
  of(name: string): CommandCall | null {
    return this.byName.get(name)?.call ?? null;
  }

  names(): readonly string[] {
    return [...this.byName.keys()].sort();
  }

  private addCommander(command: CommanderCommand, { moduleName }: Host, seen: Set<NamedClass>): void {
    const { type, names } = command;
    if (seen.has(type)) return;
    seen.add(type);
    const call: CommandCall = (args, job) => command.call(args, job);
    for (const name of names) this.add(name, { type, owner: type.name, moduleName, call });
  }

  private add(name: string, owned: Owned): void {
    const known = this.byName.get(name);
    if (known !== undefined && (known.type !== owned.type || known.owner !== owned.owner)) {
      throw new DuplicateCommandError(name, [placeOf(known), placeOf(owned)]);
    }
    this.byName.set(name, owned);
  }
}

function placeOf({ owner, moduleName }: Owned): string {
  return `${owner} of ${moduleName}`;
}
