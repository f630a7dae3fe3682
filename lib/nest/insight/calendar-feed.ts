import type { Job } from '../registry/job.js';
import type { PreviewEntry } from '../registry/insight.js';

/** Octets of a line, at most (RFC 5545, 3.1). */
const LINE = 75;

/** What a feed is made of, beside its fire times. */
interface Feed {
  readonly application: string;
  readonly now: Date;
  /** There is more than one preview answers. */
  readonly isCut: boolean;
  readonly jobOf: (id: string) => Job | undefined;
}

/** Says of a feed that there is more. */
export function cutText(entries: readonly PreviewEntry[]): string {
  const last = entries[entries.length - 1].fireTime.toISOString();
  return `Only the first ${entries.length} fire times, the last of them at ${last}: there are more.`;
}

/** Fire times as an iCalendar feed (RFC 5545): one event each, without a length. */
export function calendarFeed(entries: readonly PreviewEntry[], { application, now, isCut, jobOf }: Feed): string {
  const events = entries.flatMap((entry) => eventOf(entry, jobOf(entry.jobId), { application, now }));
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//nest-carillon//schedule//EN',
    `X-WR-CALNAME:${escaped(application)}`,
    ...(isCut ? [`X-WR-CALDESC:${escaped(cutText(entries))}`] : []),
    ...events,
    'END:VCALENDAR',
  ];
  return `${lines.map(folded).join('\r\n')}\r\n`;
}

function eventOf(
  { jobId, fireTime }: PreviewEntry,
  job: Job | undefined,
  { application, now }: { application: string; now: Date },
): string[] {
  return [
    'BEGIN:VEVENT',
    `UID:${escaped(`${jobId}-${fireTime.getTime()}@${application}`)}`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(fireTime)}`,
    `SUMMARY:${escaped(job?.name ?? jobId)}`,
    ...(job === undefined ? [] : [`DESCRIPTION:${escaped(job.description ?? job.trigger.description)}`]),
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ];
}

function stamp(at: Date): string {
  return at.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r\n?|\n/g, '\\n');
}

/** Long lines go on behind a line end and a space; no character is cut in two. */
function folded(line: string): string {
  const parts: string[] = [];
  let part = '';
  for (const character of line) {
    const limit = parts.length === 0 ? LINE : LINE - 1;
    if (Buffer.byteLength(part + character) > limit) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part].join('\r\n ');
}
