import { MisplacedDecoratorError } from './misplaced-decorator-error.js';
import type { MethodMetadata } from '../method-metadata.js';

/** A decorator that leaves `note` on the method, and refuses every place where there is no method of an instance. */
export function methodNote<Note>(decorator: string, metadata: MethodMetadata<Note>, note: Note): MethodDecorator {
  return (target: object, property: string | symbol, descriptor?: PropertyDescriptor) => {
    const problem = problemOf(target, property, descriptor);
    if (problem !== null) throw new MisplacedDecoratorError(decorator, placeOf(target, property), problem);
    metadata.add(target, property as string, note);
  };
}

function problemOf(
  target: object,
  property: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
): string | null {
  if (property === undefined) return 'this is a class';
  if (typeof property === 'symbol') return 'a method named by a symbol has no name that a job could be kept under';
  if (typeof target === 'function') return 'a static method belongs to no provider';
  if (typeof descriptor?.value !== 'function') return 'this is not a method';
  return null;
}

function placeOf(target: object, property: string | symbol | undefined): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return property === undefined ? owner.name : `${owner.name}.${String(property)}`;
}
