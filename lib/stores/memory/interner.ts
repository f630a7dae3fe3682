import type { JsonValue } from '../../core/index.js';

/** Distinct values remembered; beyond that the interner starts afresh, and equal values are shared less. */
const REMEMBERED = 10_000;

const NONE: readonly never[] = Object.freeze([]);

/** Lets equal values of many jobs be one object in memory. */
export class Interner {
  private readonly texts = new Map<string, string>();
  private readonly objects = new Map<string, object>();
  /** What was kept for a frozen object: jobs often share theirs. */
  private readonly known = new WeakMap<object, object>();

  text(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    if (this.texts.size >= REMEMBERED) this.texts.clear();
    this.texts.set(text, text);
    return text;
  }

  /** Plain JSON only. */
  object<T extends object>(given: T): T {
    let kept = Object.isFrozen(given) ? (this.known.get(given) as T | undefined) : undefined;
    if (kept !== undefined) return kept;
    const key = JSON.stringify(given);
    kept = this.objects.get(key) as T | undefined;
    if (kept === undefined) {
      if (this.objects.size >= REMEMBERED) this.objects.clear();
      kept = JSON.parse(key) as T;
      this.objects.set(key, kept);
    }
    if (Object.isFrozen(given)) this.known.set(given, kept);
    return kept;
  }
}

/** A copy that later changes of the original do not reach. */
export function ownList<T extends JsonValue>(list: readonly T[]): readonly T[] {
  if (list.length === 0) return NONE;
  if (list.every((item) => typeof item !== 'object' || item === null)) return [...list];
  return JSON.parse(JSON.stringify(list)) as T[];
}
