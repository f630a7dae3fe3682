import type { JsonValue } from '../core/index.js';

/**
 * Arguments that belong to one attempt: what a handler does to them reaches neither the job nor its next run, in a store
 * that keeps objects as in one that reads them anew. Plain values need no copy.
 */
export function privateArgs(args: readonly JsonValue[]): readonly JsonValue[] {
  // By index: for a frozen list, as most jobs have, an iterator would make an object for each run.
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (typeof arg === 'object' && arg !== null) return args.map(copyOf);
  }
  return args;
}

function copyOf(value: JsonValue): JsonValue {
  return typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as JsonValue) : value;
}
