import type { JobPolicy, JsonValue } from '../../core/index.js';

/** Distinct values remembered; beyond that the interner starts afresh, and equal values are shared less. */
const REMEMBERED = 10_000;

const NONE: readonly never[] = Object.freeze([]);

/** Lets equal values of many jobs be one object in memory. */
export class Interner {
  private readonly texts = new Map<string, string>();
  private readonly policies = new Map<string, JobPolicy>();
  private lastPolicy: { readonly given: JobPolicy; readonly kept: JobPolicy } | null = null;

  text(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    if (this.texts.size >= REMEMBERED) this.texts.clear();
    this.texts.set(text, text);
    return text;
  }

  policy(policy: JobPolicy): JobPolicy {
    if (this.lastPolicy?.given === policy) return this.lastPolicy.kept;
    const key = JSON.stringify(policy);
    let kept = this.policies.get(key);
    if (kept === undefined) {
      if (this.policies.size >= REMEMBERED) this.policies.clear();
      kept = JSON.parse(key) as JobPolicy;
      this.policies.set(key, kept);
    }
    this.lastPolicy = { given: policy, kept };
    return kept;
  }
}

/** A copy that later changes of the original do not reach. */
export function ownList<T extends JsonValue>(list: readonly T[]): readonly T[] {
  if (list.length === 0) return NONE;
  if (list.every((item) => typeof item !== 'object' || item === null)) return [...list];
  return JSON.parse(JSON.stringify(list)) as T[];
}
