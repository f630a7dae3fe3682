/**
 * Notes that decorators leave on methods: any number for each method, from the top decorator down. They hang on the
 * prototype that declares the method, not on the function, so that another decorator may wrap the function; and the key
 * is a registered symbol, so that two copies of this package read each other's notes.
 */
export class MethodMetadata<Note> {
  private readonly key: symbol;

  constructor(name: string) {
    this.key = Symbol.for(`nest-carillon:${name}`);
  }

  /** Adds a note above those that are there: decorators are applied from the bottom up. */
  add(prototype: object, method: string, note: Note): void {
    const notes = this.ownOf(prototype) ?? new Map<string, Note[]>();
    notes.set(method, [note, ...(notes.get(method) ?? [])]);
    Object.defineProperty(prototype, this.key, { value: notes, configurable: true });
  }

  /** Notes by method, of this prototype and those it inherits from; a method that a subclass replaces keeps its own only. */
  of(prototype: object | null): Map<string, readonly Note[]> {
    const levels = chainOf(prototype);
    const found = new Map<string, readonly Note[]>();
    for (const [depth, level] of levels.entries()) {
      for (const [method, notes] of this.ownOf(level) ?? []) {
        if (!levels.slice(0, depth).some((nearer) => Object.hasOwn(nearer, method))) found.set(method, notes);
      }
    }
    return found;
  }

  private ownOf(prototype: object): Map<string, Note[]> | undefined {
    return Object.getOwnPropertyDescriptor(prototype, this.key)?.value as Map<string, Note[]> | undefined;
  }
}

function chainOf(prototype: object | null): object[] {
  const levels: object[] = [];
  for (let level = prototype; level !== null && level !== Object.prototype;) {
    levels.push(level);
    level = Object.getPrototypeOf(level) as object | null;
  }
  return levels;
}
