import type { JobFilter } from '../../../../core/index.js';
import { REMOVED_STATUS, STATUS } from '../../codes.js';
import { JOB_COLUMNS } from './job-decoder.js';
import { flag, inList, text, texts } from './literals.js';
import type { Place } from './scope.js';

/** Jobs by id, as the filter wants them. */
export function listStatement({ tables, appKey }: Place, filter: JobFilter): string {
  const where = [`d.app_key = ${appKey}`, 'd.removed = 0', `j.status <> ${REMOVED_STATUS}`];
  if (filter.ids !== undefined) where.push(`d.id IN (${texts(filter.ids)})`);
  if (filter.after !== undefined) where.push(`d.id > ${text(filter.after)}`);
  if (filter.origin !== undefined) where.push(`s.origin = ${text(filter.origin)}`);
  if (filter.task !== undefined) where.push(`s.task = ${text(filter.task)}`);
  if (filter.paused !== undefined) where.push(`(j.pause IS NOT NULL) = ${flag(filter.paused)}`);
  if (filter.status !== undefined) {
    where.push(`j.status IN (${inList(filter.status.map((status) => STATUS[status]))})`);
  }
  if (filter.triggerHolds !== undefined) {
    where.push(`LOCATE(${text(JSON.stringify(filter.triggerHolds).slice(1, -1))}, d.body) > 0`);
  }
  // What it finds is looked at again: the text may be an argument, say.
  if (filter.tag !== undefined) where.push(`LOCATE(${text(JSON.stringify(filter.tag))}, d.body) > 0`);
  const limit = filter.limit === undefined || filter.tag !== undefined ? '' : `LIMIT ${filter.limit}`;
  // Along the ids, so that a page ends at its last row: the server would put all of them in order for each page.
  return `SELECT ${JOB_COLUMNS} FROM ${tables}definitions d FORCE INDEX (definitions_id)
    STRAIGHT_JOIN ${tables}jobs j FORCE INDEX (PRIMARY) ON j.job_key = d.job_key
    STRAIGHT_JOIN ${tables}shapes s ON s.shape_key = j.shape_key WHERE ${where.join(' AND ')} ORDER BY d.id ${limit}`;
}
