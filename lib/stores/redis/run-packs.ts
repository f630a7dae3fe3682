import type { ClaimRequest, Instant, Millis, PlannedRun } from '../../core/index.js';
import type { ByteWriter } from './byte-writer.js';
import type { Changes } from './changes.js';
import { LINE_END_CODE, lineOf } from './lines.js';
import { ID_WIDTH } from './run-ids.js';
import type { RunIds } from './run-ids.js';

/** Between what is common to the runs of a pack, and each of them (scripts/packs.ts). */
const BEHIND_CLAIM = 0x1f;
const RUN_MARK = 0x1e;
/** Fire times of one pack differ by less: whoever looks through history finds a pack by the latest of them. */
export const SPREAD: Millis = 1_000;
/** As many as one character of an id tells apart. */
const MOST = 36;
/** Where that character stands. */
const AT = 11;
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';
/** Behind every character of ids: a pack stands above those that it may hold, in the order of history. */
const PLACE_MARK = '~';

/** Of a run that is settled after another one: the same pack, mostly, and nothing is made to see that. */
export function isInPack(runId: string, start: string, end: string): boolean {
  return runId.startsWith(start) && runId.endsWith(end) && start.length + end.length + 1 === runId.length;
}

/** What a pack is called, in fields. */
export function packOf(runId: string): string {
  return runId.slice(0, AT) + runId.slice(AT + 1);
}

/** The same in two: what is before a run's own character, and what is behind it. */
export function partsOf(runId: string): [string, string] {
  return [runId.slice(0, AT), runId.slice(AT + 1)];
}

/** The character that tells a run from others of its pack. */
export function digitOf(runId: string): string {
  return runId[AT];
}

/** Ids at a place in the order of history: a run, or all that a pack was made of. */
export function idsAt(place: string): string[] {
  if (place[AT] !== PLACE_MARK) return [place];
  const [start, end] = [place.slice(0, AT), place.slice(AT + 2)];
  const ids: string[] = [];
  for (let at = 0; at <= DIGITS.indexOf(place[AT + 1]); at++) ids.push(start + DIGITS[at] + end);
  return ids;
}

/** Ids at this place, and below it for the same instant, begin with no more than this. */
export function startOf(place: string): string {
  return place.slice(0, AT);
}

/** Nothing but its job and its fire time tells such a run from others of one claim. */
export function canBePacked({ kind, fireTime, firstFireTime, count, countIsExact }: PlannedRun): boolean {
  return kind === 'scheduled' && count === 1 && countIsExact && fireTime === firstFireTime;
}

/** A run that is to lie in a pack. */
export interface PackLine {
  /** As a line. */
  readonly job: string;
  readonly generation: number;
  readonly task: string;
  readonly fireTime: Instant;
  readonly dueAt: Instant;
}

/** Puts the runs that one claim makes into packs, as they come. */
export class RunPacks {
  /** Ids of all that find room in a row: each is a part of it, and no text of its own. */
  private ids = '';
  /** Where the pack is written to. */
  private text: ByteWriter | null = null;
  private size = 0;
  private task = '';
  private earliest = 0;
  private latest = 0;

  constructor(
    private readonly made: RunIds,
    private readonly changes: Changes,
    private readonly request: ClaimRequest,
  ) {}

  /** Answers the run's id. */
  add({ job, generation, task, fireTime, dueAt }: PackLine): string {
    const earliest = Math.min(this.earliest, fireTime);
    const latest = Math.max(this.latest, fireTime);
    if (this.text === null || this.size === MOST || latest - earliest >= SPREAD) {
      this.begin(task, fireTime);
    } else {
      this.earliest = earliest;
      this.latest = latest;
    }
    const text = this.text!;
    text.byte(RUN_MARK);
    text.part(job);
    text.byte(LINE_END_CODE);
    text.number(generation);
    text.digits(fireTime);
    if (dueAt !== fireTime || task !== this.task) text.part(`\n${dueAt}\n${lineOf(task)}`);
    const at = ID_WIDTH * this.size++;
    return this.ids.slice(at, at + ID_WIDTH);
  }

  end(): void {
    if (this.text === null) return;
    const last = DIGITS[this.size - 1];
    const first = this.ids.slice(0, ID_WIDTH);
    this.text.put(ID_WIDTH, last.charCodeAt(0));
    this.text.end();
    this.text = null;
    this.changes.member('time', first.slice(0, AT) + PLACE_MARK + last + first.slice(AT + 1), this.latest);
  }

  private begin(task: string, fireTime: Instant): void {
    this.end();
    const first = this.made.nextPack();
    const [start, end] = [first.slice(0, AT), first.slice(AT + 1)];
    this.ids = start + DIGITS.split('').join(end + start) + end;
    this.size = 0;
    this.task = task;
    this.earliest = fireTime;
    this.latest = fireTime;
    this.text = this.changes.packs();
    this.text.string(start + end);
    this.text.begin();
    this.writeHead(this.text);
  }

  private writeHead(text: ByteWriter): void {
    text.part(this.changes.batch);
    // In place of the last one's character, which is not known yet.
    text.byte(0);
    text.byte(BEHIND_CLAIM);
    text.line(this.request.node);
    text.line(this.task);
    text.digits(this.request.now);
  }
}
