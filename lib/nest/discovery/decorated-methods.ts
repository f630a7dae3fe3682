import { instanceOf, prototypeOf } from './hosts.js';
import type { MethodMetadata } from '../method-metadata.js';
import type { Host, NamedClass } from './hosts.js';

/** A method with notes of a decorator, on the one host that its jobs will call. */
export interface DecoratedMethod<Note> {
  readonly host: Host;
  /** Class that names it, in ids and tasks: `type.name` and `method`. */
  readonly type: NamedClass;
  readonly method: string;
  /** Name of its task, where it is another. */
  readonly task?: string;
  /** From the top decorator down. */
  readonly notes: readonly Note[];
}

/** Reads what decorators left on the methods of a prototype. */
export type NoteReader<Note> = Pick<MethodMetadata<Note>, 'of'>;

/** A class that more than one provider was made of; only the first is used. */
export interface Double {
  readonly type: NamedClass;
  readonly moduleNames: readonly [string, string];
}

/**
 * Every decorated method once, however many providers its class is found under. Notes are read from the class that is the
 * provider's token and from the instance's own, so that a provider that a test overrides keeps its jobs and they call
 * the override.
 */
export function decoratedMethods<Note>(
  hosts: readonly Host[],
  metadata: NoteReader<Note>,
): { methods: DecoratedMethod<Note>[]; doubles: Double[] } {
  const first = new Map<NamedClass, Map<string, DecoratedMethod<Note>>>();
  const doubles = new Map<NamedClass, Double>();
  for (const found of hosts.flatMap((host) => methodsOf(host, metadata))) {
    const methods = first.get(found.type) ?? new Map<string, DecoratedMethod<Note>>();
    const known = methods.get(found.method);
    if (known === undefined) first.set(found.type, methods.set(found.method, found));
    else if (!isSame(known.host, found.host)) doubles.set(found.type, doubleOf(known, found));
  }
  return { methods: [...first.values()].flatMap((methods) => [...methods.values()]), doubles: [...doubles.values()] };
}

function methodsOf<Note>(host: Host, metadata: NoteReader<Note>): DecoratedMethod<Note>[] {
  const found = new Map<string, DecoratedMethod<Note>>();
  for (const type of host.types) {
    for (const [method, notes] of metadata.of(prototypeOf(type))) {
      // The token names the method; the instance's own class, which comes later, may decorate it anew.
      found.set(method, { host, type: found.get(method)?.type ?? type, method, notes });
    }
  }
  return [...found.values()];
}

/** A factory may hand out a provider that is found by itself too. */
function isSame(one: Host, other: Host): boolean {
  if (one.wrapper === other.wrapper) return true;
  const instance = instanceOf(one.wrapper);
  return instance !== null && instance === instanceOf(other.wrapper);
}

function doubleOf(one: DecoratedMethod<unknown>, other: DecoratedMethod<unknown>): Double {
  return { type: one.type, moduleNames: [one.host.moduleName, other.host.moduleName] };
}
