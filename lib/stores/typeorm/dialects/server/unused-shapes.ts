import type { Instant, Millis } from '../../../../core/index.js';
import type { Statements } from './link.js';

/** The key of a shape is looked for again after this long, and the look says that the shape is used. */
const TRUSTED: Millis = 3_600_000;
/** So long a shape must have been without jobs, and not been looked for, before it goes: no key that is trusted is of it. */
const UNUSED_FOR: Millis = 86_400_000;
/** A look goes through all jobs once. */
const BETWEEN_LOOKS: Millis = 3_600_000;

/** A key that was read from the table, and when, in store time. */
export interface SeenShapeKey {
  readonly key: number;
  readonly seenAt: Instant;
}

export function isTrusted({ seenAt }: SeenShapeKey, at: Instant): boolean {
  return Math.abs(at - seenAt) < TRUSTED;
}

/** What a look needs; `shapesSeenAt` is when this process looked last. */
export interface ShapeRows {
  readonly statements: Statements;
  readonly place: { readonly tables: string };
  readonly caches: { shapesSeenAt: Instant };
  onCommit(callback: () => void): void;
}

/**
 * Shapes that no job has any more: each version of an application leaves those of the one before, for they name it. They
 * are noted as unused first and go a day later, `limit` at most in one step.
 */
export async function forgetShapes(rows: ShapeRows, at: Instant, limit: number): Promise<void> {
  const { statements, caches } = rows;
  if (Math.abs(at - caches.shapesSeenAt) < BETWEEN_LOOKS) return;
  const { tables } = rows.place;
  const used = (table: string): string => `(SELECT DISTINCT shape_key FROM ${tables}${table})`;
  const { rows: unused } = await statements.query(
    `SELECT s.shape_key FROM ${tables}shapes s LEFT JOIN ${used('jobs')} j ON j.shape_key = s.shape_key
     LEFT JOIN ${used('open_runs')} r ON r.shape_key = s.shape_key WHERE j.shape_key IS NULL AND r.shape_key IS NULL
       AND (s.unused_since IS NULL OR s.unused_since < ${at - UNUSED_FOR}) ORDER BY s.shape_key LIMIT ${limit}`,
  );
  // More are left: the next step goes on.
  if (unused.length < limit) rows.onCommit(() => (caches.shapesSeenAt = at));
  if (unused.length === 0) return;
  const found = `shape_key IN (${unused.map(([key]) => key as number).join(',')})`;
  // By what the rows say now: who looked for one meanwhile needs it.
  statements.send(`DELETE FROM ${tables}shapes WHERE ${found} AND unused_since < ${at - UNUSED_FOR}`);
  statements.send(`UPDATE ${tables}shapes SET unused_since = ${at} WHERE ${found} AND unused_since IS NULL`);
}
