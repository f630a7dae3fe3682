import { isError, messageWithCauses, textOf } from '../core/index.js';
import type { JsonValue, RunError } from '../core/index.js';

/** Kept of a result, an output or a detail, at most (SEMANTICS section 4). */
export const TEXT_LIMIT = 64 * 1_024;
const MESSAGE_LIMIT = 4 * 1_024;
const STACK_LIMIT = 16 * 1_024;

const NO_TEXT = 'something that has no text was thrown';

/** JSON of a handler's result. Instead of one that is too large, or no JSON, a text says so. */
export function resultOf(value: unknown): JsonValue | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return bounded(value, TEXT_LIMIT);
  return typeof value === 'object' && value !== null ? copyOf(value) : null;
}

/** Anything that was thrown, as a row keeps it: its message tells its causes, too. */
export function errorOf(thrown: unknown): RunError {
  try {
    return isError(thrown) ? rowOf(thrown) : plain(textOf(thrown));
  } catch {
    // A getter of what was thrown throws itself.
    return plain(NO_TEXT);
  }
}

/** More on a reason, in words that somebody else may have chosen. */
export function detailOf(detail: string | null): string | null {
  return detail === null ? null : bounded(String(detail), TEXT_LIMIT);
}

/** The beginning of a text, well formed, with a mark where something is missing. */
export function bounded(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, isHalf ? limit - 1 : limit)}…`;
}

function rowOf(error: Error): RunError {
  const { code } = error as { code?: unknown };
  return {
    name: bounded(String(error.name), MESSAGE_LIMIT),
    message: bounded(messageWithCauses(error), MESSAGE_LIMIT),
    stack: typeof error.stack === 'string' ? bounded(error.stack, STACK_LIMIT) : null,
    code: typeof code === 'string' || typeof code === 'number' ? bounded(String(code), MESSAGE_LIMIT) : null,
  };
}

function copyOf(value: object): JsonValue | null {
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) return null;
    if (text.length <= TEXT_LIMIT) return JSON.parse(text) as JsonValue;
    return `(not kept: the result has ${text.length} characters as JSON, more than ${TEXT_LIMIT})`;
  } catch (error) {
    return `(not kept: the result is no JSON: ${bounded(messageWithCauses(error), 200)})`;
  }
}

function plain(message: string): RunError {
  return { name: 'Error', message: bounded(message, MESSAGE_LIMIT), stack: null, code: null };
}
