import { prototypeOf } from './hosts.js';
import type { Host, NamedClass } from './hosts.js';

/** A class and the provider or controller that stands for it. */
export interface NamedHost {
  readonly type: NamedClass;
  readonly host: Host;
}

/** Providers and controllers by class, and by the name of their class. */
export class Providers {
  private readonly byType = new Map<NamedClass, NamedHost>();
  private readonly byName = new Map<string, NamedHost[]>();

  constructor(readonly hosts: readonly Host[]) {
    for (const host of hosts) for (const type of host.types) this.add({ type, host });
  }

  /** What is provided under this class, or made of it; null: nothing. */
  of(type: NamedClass): NamedHost | null {
    return this.byType.get(type) ?? null;
  }

  /** Classes of this name that have such a method: more than one, and the name alone tells nothing. */
  withMethod(name: string, method: string): readonly NamedHost[] {
    return (this.byName.get(name) ?? []).filter(({ type }) => hasMethod(prototypeOf(type), method));
  }

  private add(named: NamedHost): void {
    const { type } = named;
    if (this.byType.has(type)) return;
    this.byType.set(type, named);
    this.byName.set(type.name, [...(this.byName.get(type.name) ?? []), named]);
  }
}

/** Accessors are not called. */
function hasMethod(prototype: object, method: string): boolean {
  for (let level: object | null = prototype; level !== null && level !== Object.prototype;) {
    const property = Object.getOwnPropertyDescriptor(level, method);
    if (property !== undefined) return typeof property.value === 'function' && method !== 'constructor';
    level = Object.getPrototypeOf(level) as object | null;
  }
  return false;
}
