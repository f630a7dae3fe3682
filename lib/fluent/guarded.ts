import { nearest } from '../triggers/index.js';
import { UnknownScheduleMethodError } from './errors.js';
import { macroNamed, macroNames } from './macros.js';

/** Names of the methods of an object, those that its classes inherit included. */
export function methodNames(object: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (
    let level: object | null = Object.getPrototypeOf(object) as object | null;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  }
  return names;
}

/**
 * The same object, with the macros as methods; a mistyped method says which one was meant. Names that are near to none are
 * undefined as ever: inspectors and assertions ask for many.
 */
export function guarded<T extends object>(object: T): T {
  return new Proxy(object, {
    get(target, name, self: unknown): unknown {
      const value: unknown = Reflect.get(target, name, self);
      if (value !== undefined || typeof name !== 'string') return value;
      const macro = macroNamed(name);
      if (macro !== undefined) return (...args: never[]) => answer(macro(self as never, ...args), self);
      const meant = nearest(name, [...methodNames(target), ...macroNames()]);
      if (meant === null || Math.abs(plainLength(name) - plainLength(meant)) > 2) return undefined;
      return () => {
        throw new UnknownScheduleMethodError(name, meant);
      };
    },
  });
}

function plainLength(name: string): number {
  return name.replaceAll('_', '').length;
}

/** A macro without an answer goes on with its job. */
function answer(value: unknown, self: unknown): unknown {
  return value === undefined ? self : value;
}
