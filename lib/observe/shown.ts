import type { Instant } from '../core/index.js';

/** Longest text of others within a line: ids, messages, details. */
const TEXT_LIMIT = 500;

export function quoted(id: string): string {
  return `"${oneLine(id)}"`;
}

/** Foreign text cannot begin a line of its own. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return cut(text, TEXT_LIMIT).replace(/[\s\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ');
}

export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

export function instant(at: Instant): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
