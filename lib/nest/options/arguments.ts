import type { JsonValue } from '../../core/index.js';
import { isPlainObject } from './kind.js';
import { InvalidArgumentsError } from './options-error.js';
import { show } from './show.js';

/** Arguments of a job or a run, as UTF-8 JSON, at most. */
export const ARGUMENT_BYTES = 64 * 1_024;
const DEEPEST = 100;
const NONE: readonly JsonValue[] = Object.freeze([]);

/**
 * Arguments as they will be stored, a copy of their own.
 *
 * @param place names the job or call, for the message
 * @throws {InvalidArgumentsError} naming the path of the first value that is not JSON, or the size
 */
export function checkArguments(args: unknown, place: string): readonly JsonValue[] {
  if (args === undefined) return NONE;
  if (!Array.isArray(args)) {
    throw new InvalidArgumentsError(place, 'args', `is ${show(args)}; it must be a list: write [${show(args)}].`);
  }
  const copy = args.map((arg, index) => copyJson(arg, `args[${index}]`, { place, above: [] }));
  const bytes = new TextEncoder().encode(JSON.stringify(copy)).length;
  if (bytes <= ARGUMENT_BYTES) return copy;
  const advice = 'Store the data elsewhere and give its key.';
  throw new InvalidArgumentsError(
    place,
    'args',
    `has ${bytes} bytes as JSON; ${ARGUMENT_BYTES} are allowed. ${advice}`,
  );
}

interface Walk {
  readonly place: string;
  /** Objects around this one, to find a cycle. */
  readonly above: readonly object[];
}

function copyJson(value: unknown, path: string, walk: Walk): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'object') throw new InvalidArgumentsError(walk.place, path, notJson(value));
  if (walk.above.includes(value)) throw new InvalidArgumentsError(walk.place, path, 'contains itself; JSON cannot.');
  if (walk.above.length >= DEEPEST) {
    throw new InvalidArgumentsError(walk.place, path, `is nested deeper than ${DEEPEST} levels. Make it flatter.`);
  }
  const inner = { place: walk.place, above: [...walk.above, value] };
  if (Array.isArray(value))
    return Array.from(value, (one: unknown, index) => copyJson(one, `${path}[${index}]`, inner));
  if (!isPlainObject(value)) throw new InvalidArgumentsError(walk.place, path, notJson(value));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, copyJson(one, `${path}${member(key)}`, inner)]),
  );
}

function member(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function notJson(value: unknown): string {
  return `is ${show(value)}, which is not JSON. ${adviceFor(value)}`;
}

function adviceFor(value: unknown): string {
  if (value instanceof Date) return 'Write its text: date.toISOString().';
  if (value === undefined) return 'Leave it out, or write null.';
  if (typeof value === 'bigint') return 'Write its text: String(value).';
  if (typeof value === 'number') return 'Write null, or a finite number.';
  if (typeof value === 'function' || typeof value === 'symbol') return 'Give a name or a key instead.';
  if (value instanceof Map || value instanceof Set) return 'Write a list: [...value].';
  return 'Write a plain object with the fields that are needed.';
}
