import type { JobFilter } from '../../../../core/index.js';
import { REMOVED_STATUS, STATUS } from '../../codes.js';
import { numbers, storable, texts } from './arrays.js';
import { JOB_COLUMNS } from './job-decoder.js';
import type { Place } from './scope.js';

/** A statement with its values. */
export interface Asked {
  readonly text: string;
  readonly values: unknown[];
}

/** Conditions of a statement, and its values, numbered as they come. */
export class Conditions {
  private readonly parts: string[] = [];

  /** @param values those before; they are added to */
  constructor(readonly values: unknown[] = []) {}

  /** Each `?` in the condition stands for one of the values. */
  add(condition: string, ...values: unknown[]): void {
    let at = 0;
    this.parts.push(condition.replace(/\?/g, () => `$${this.values.push(values[at++])}`));
  }

  toString(): string {
    return this.parts.join(' AND ');
  }

  /** Behind another condition. */
  following(): string {
    return this.parts.map((part) => `AND ${part}`).join(' ');
  }
}

/** Jobs by id, as the filter wants them. */
export function listStatement(place: Place, filter: JobFilter): Asked {
  const { tables, appKey } = place;
  const where = new Conditions();
  where.add('d.app_key = ?', appKey);
  where.add(`d.removed = 0 AND j.status <> ${REMOVED_STATUS}`);
  if (filter.ids !== undefined) where.add('d.id = ANY (?::text[])', texts(filter.ids));
  if (filter.after !== undefined) where.add('d.id > ?', storable(filter.after));
  addShape(where, tables, filter);
  if (filter.paused !== undefined) where.add('(j.pause IS NOT NULL) = ?', filter.paused);
  if (filter.status !== undefined) {
    where.add('j.status = ANY (?::smallint[])', numbers(filter.status.map((status) => STATUS[status])));
    if (filter.status.every((status) => STATUS[status] > STATUS.finished)) addAside(where, place);
  }
  if (filter.triggerHolds !== undefined) {
    where.add('position(?::text IN d.body) > 0', JSON.stringify(filter.triggerHolds).slice(1, -1));
  }
  // What it finds is looked at again: the text may be an argument, say.
  if (filter.tag !== undefined) where.add('d.body LIKE ?', `%${likeOf(JSON.stringify(filter.tag))}%`);
  const limit =
    filter.limit === undefined || filter.tag !== undefined ? '' : `LIMIT $${where.values.push(filter.limit)}`;
  const text = `SELECT ${JOB_COLUMNS} FROM ${tables}definitions d JOIN ${tables}jobs j ON j.job_key = d.job_key
    JOIN ${tables}shapes s ON s.shape_key = j.shape_key WHERE ${where.toString()} ORDER BY d.id ${limit}`;
  return { text, values: where.values };
}

/** Where no shape is like that, no job is looked at: most stores that hold many jobs hold none of the code, say. */
function addShape(where: Conditions, tables: string, { origin, task }: JobFilter): void {
  if (origin !== undefined) {
    where.add('s.origin = ?', origin);
    where.add(`EXISTS (SELECT 1 FROM ${tables}shapes WHERE origin = ?)`, origin);
  }
  if (task === undefined) return;
  where.add('s.task = ?', task);
  where.add(`EXISTS (SELECT 1 FROM ${tables}shapes WHERE task = ?)`, task);
}

/** Found by their own index, before anything is joined: of a table that was never analysed the server takes them for a third. */
function addAside(where: Conditions, { tables, appKey }: Place): void {
  const aside = `SELECT a.job_key FROM ${tables}jobs a WHERE a.app_key = ? AND a.status > ${STATUS.finished}`;
  where.add(`d.job_key = ANY (ARRAY(${aside}))`, appKey);
}

function likeOf(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
