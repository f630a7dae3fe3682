import type { DateTime } from 'luxon';
import type { DecoratorOptions } from '../nest/index.js';

export type PeerKind = 'cron' | 'interval' | 'timeout';

/** When a cron job fires: an expression, or one instant. */
export type CronTimeInput = string | Date | DateTime;

/** The options of `@Cron` that `@nestjs/schedule` knows too. */
export interface PeerCronOptions {
  readonly name?: string;
  readonly timeZone?: string;
  readonly utcOffset?: number;
  readonly unrefTimeout?: boolean;
  readonly waitForCompletion?: boolean;
  readonly disabled?: boolean;
  readonly threshold?: number;
  readonly initialDelay?: number;
}

/** What one decorator says about its method. */
export interface PeerNote {
  readonly kind: PeerKind;
  readonly name: string | undefined;
  readonly cronTime: CronTimeInput | undefined;
  /** Milliseconds, as given: it may come from anywhere. */
  readonly length: unknown;
  readonly peer: PeerCronOptions;
  readonly own: DecoratorOptions;
}

/** Keys under which `@nestjs/schedule` marks a method; its own decorators are read through them. */
const NAME = 'SCHEDULER_NAME';
const TYPE = 'SCHEDULER_TYPE';
const CRON_OPTIONS = 'SCHEDULE_CRON_OPTIONS';
const INTERVAL_OPTIONS = 'SCHEDULE_INTERVAL_OPTIONS';
const TIMEOUT_OPTIONS = 'SCHEDULE_TIMEOUT_OPTIONS';
/** All decorators of this entry on a method, from the top down: one key of the other package holds one of them only. */
const NOTES = 'nest-carillon:compat-notes';

const KINDS: ReadonlyMap<unknown, PeerKind> = new Map([
  [1, 'cron'],
  [2, 'timeout'],
  [3, 'interval'],
]);

/** Leaves a note above those that are there, and what the other package's own module would read. */
export function addNote(method: object, note: PeerNote): void {
  Reflect.defineMetadata(NOTES, [note, ...ownNotes(method)], method);
  const type = [...KINDS].find(([, kind]) => kind === note.kind)?.[0];
  Reflect.defineMetadata(TYPE, type, method);
  Reflect.defineMetadata(NAME, note.name, method);
  if (note.kind === 'cron') Reflect.defineMetadata(CRON_OPTIONS, { ...note.peer, cronTime: note.cronTime }, method);
  else {
    const key = note.kind === 'interval' ? INTERVAL_OPTIONS : TIMEOUT_OPTIONS;
    Reflect.defineMetadata(key, { timeout: note.length }, method);
  }
}

/** Notes of this entry, else the one of `@nestjs/schedule`. */
export function notesOf(method: unknown): readonly PeerNote[] {
  if (typeof method !== 'function') return [];
  const own = ownNotes(method);
  if (own.length > 0) return own;
  const kind = KINDS.get(Reflect.getMetadata(TYPE, method));
  return kind === undefined ? [] : [foreignNote(kind, method)];
}

function ownNotes(method: object): readonly PeerNote[] {
  return (Reflect.getMetadata(NOTES, method) ?? []) as readonly PeerNote[];
}

function foreignNote(kind: PeerKind, method: object): PeerNote {
  const read = (key: string): Record<string, unknown> =>
    (Reflect.getMetadata(key, method) ?? {}) as Record<string, unknown>;
  if (kind === 'cron') {
    const { cronTime, ...peer } = read(CRON_OPTIONS) as PeerCronOptions & { cronTime?: CronTimeInput };
    return { kind, name: peer.name, cronTime, length: undefined, peer, own: {} };
  }
  const { timeout: length } = read(kind === 'interval' ? INTERVAL_OPTIONS : TIMEOUT_OPTIONS);
  const name = Reflect.getMetadata(NAME, method) as string | undefined;
  return { kind, name, cronTime: undefined, length, peer: {}, own: {} };
}
