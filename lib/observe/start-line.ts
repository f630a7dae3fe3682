import type { SchedulerFact } from '../core/index.js';
import { instant, quoted } from './shown.js';

/** Names of one kind in the line; of the others the number is told. */
const NAMES = 10;

/** What a start changed in stores that outlive the process; null: nothing, or there is no such store. */
export function startChangesLine({ data }: SchedulerFact): string | null {
  const changes = data?.changes;
  if (typeof changes !== 'object' || changes === null) return null;
  const { added, changed, orphaned, unresolved, refused } = changes as Readonly<Record<string, unknown>>;
  const parts = [
    part('added', added, quotedId),
    part('changed', changed, changeText),
    part('no longer in the code, kept, and not run once no live node has had it for 5 min', orphaned, quotedId),
    part('kept and not run, for no live node knows their task', unresolved, quotedId),
    part('refused, for a job added at run time has the id', refused, quotedId),
  ].filter((text) => text !== null);
  return parts.length === 0 ? null : `Since the last start: ${parts.join('; ')}.`;
}

function part(what: string, items: unknown, text: (item: unknown) => string): string | null {
  if (!Array.isArray(items) || items.length === 0) return null;
  const more = items.length > NAMES ? ` and ${items.length - NAMES} more` : '';
  return `${what}: ${items.slice(0, NAMES).map(text).join(', ')}${more}`;
}

function quotedId(id: unknown): string {
  return quoted(String(id));
}

function changeText(change: unknown): string {
  const { id, what, fireTimeBefore, fireTimeAfter } = change as Readonly<Record<string, unknown>>;
  const fields = Array.isArray(what) ? what.join(' and ') : 'options';
  const moved =
    fireTimeBefore === fireTimeAfter
      ? ''
      : `, next fire time ${timeText(fireTimeAfter)}, was ${timeText(fireTimeBefore)}`;
  return `${quotedId(id)} (${fields}${moved})`;
}

function timeText(at: unknown): string {
  return typeof at === 'number' ? instant(at) : 'none';
}
