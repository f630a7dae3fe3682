import { hashOfText } from '../../core/index.js';
import type { CronFieldName } from './cron-fields.js';
import type { FieldPlace } from './field-parser.js';
import { refused } from './field-parser.js';

const HASHED = /^h(?:\((\d+)-(\d+)\))?(?:\/(\d+))?$/i;
/** Jenkins keeps hashed days to those that every month has. */
const LAST_SAFE_DAY = 28;

export const isHashed = (item: string): boolean => /^h(?![a-z])/i.test(item);

/**
 * What `H`, `H/15` or `H(0-29)` in a field stands for in one job: a value derived from the job's id, the same on every
 * node (source: the Jenkins cron syntax).
 *
 * @param jobId null only checks the item and answers with its first possible value
 */
export function resolvedHash(item: string, place: FieldPlace, jobId: string | null): string {
  const match = HASHED.exec(item);
  const { spec } = place;
  if (match === null || spec.name === 'year') throw refused(place, item);
  const [, first, last, stepText] = match;
  const from = first === undefined ? spec.min : Number(first);
  const to = last === undefined ? lastOf(spec.name, spec.max) : Number(last);
  if (from < spec.min || to > spec.max || to < from) throw refused(place, item);
  const size = to - from + 1;
  const step = stepText === undefined ? size : Number(stepText);
  if (step < 1 || step > size) throw refused(place, item, `a step is 1 to ${size} here`);
  const value = from + (jobId === null ? 0 : hashOfText(`${spec.name} of ${jobId}`) % step);
  return stepText === undefined ? String(value) : `${value}-${to}/${step}`;
}

const lastOf = (name: CronFieldName, max: number): number => (name === 'day' ? LAST_SAFE_DAY : max);
