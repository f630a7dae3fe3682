import { instancesOf } from '../handlers/instances.js';
import { DuplicateCommandError } from './command-errors.js';
import { commanderNames, runCommander } from './commander-command.js';
import type { JobContext, TaskHandler } from '../../core/index.js';
import type { DecoratedMethod, Host, NamedClass } from '../discovery/index.js';
import type { MethodCalls } from '../handlers/index.js';
import type { CommandRunner } from './commander-command.js';

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
    for (const host of hosts) this.addCommander(host, seen);
  }

  /** Null: no provider has it. */
  of(name: string): CommandCall | null {
    return this.byName.get(name)?.call ?? null;
  }

  names(): readonly string[] {
    return [...this.byName.keys()].sort();
  }

  /** What a test provides in its place may extend it: the last class that is a command counts. */
  private addCommander(host: Host, seen: Set<NamedClass>): void {
    const type = host.types.findLast((it) => commanderNames(it).length > 0);
    if (type === undefined || seen.has(type)) return;
    seen.add(type);
    const instanceFor = instancesOf(host.wrapper);
    const call: CommandCall = async (args, job) => runCommander((await instanceFor(job)) as CommandRunner, type, args);
    const { moduleName } = host;
    for (const name of commanderNames(type)) this.add(name, { type, owner: type.name, moduleName, call });
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
