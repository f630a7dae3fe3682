import type { Clock } from '../../core/index.js';

const TIME_WIDTH = 9;
const COUNT_WIDTH = 3;
const OWN_WIDTH = 5;
const COUNTS = 36 ** COUNT_WIDTH;
/** Ids that differ in the last character of their count alone. */
const A_PACK = 36;

/** Length of every id: lists of runs are their ids in a row. */
export const ID_WIDTH = TIME_WIDTH + COUNT_WIDTH + OWN_WIDTH;

const ID = new RegExp(`^[0-9a-z]{${ID_WIDTH}}$`);

/**
 * Ids of runs, made by the node: time, a count within the millisecond, and digits of this store object. Their order as
 * texts is the order in which one node made them. Made by a counter in Redis they could come twice, after data was lost or
 * a replica took over, and a stale claim would then fit a run of somebody else.
 */
export class RunIds {
  private readonly own = randomDigits();
  private time = '';
  private millis = 0;
  private count = 0;

  constructor(private readonly clock: Clock) {}

  next(): string {
    const now = this.clock.now();
    if (now > this.millis) this.enter(now);
    else if (this.count === COUNTS) this.enter(this.millis + 1);
    return this.time + (this.count++).toString(36).padStart(COUNT_WIDTH, '0') + this.own;
  }

  /** The first of so many that are left to a pack of runs. */
  nextPack(): string {
    this.count = Math.ceil(this.count / A_PACK) * A_PACK;
    const first = this.next();
    this.count += A_PACK - 1;
    return first;
  }

  private enter(millis: number): void {
    this.millis = millis;
    this.time = Math.floor(millis).toString(36).padStart(TIME_WIDTH, '0');
    this.count = 0;
  }
}

/** false: it cannot be the id of a run of any Redis store. */
export function isRunId(text: string): boolean {
  return ID.test(text);
}

/** Ids of a list that is one text. */
export function idsOf(list: string): string[] {
  const ids: string[] = [];
  for (let at = 0; at < list.length; at += ID_WIDTH) ids.push(list.slice(at, at + ID_WIDTH));
  return ids;
}

function randomDigits(): string {
  const [word] = globalThis.crypto.getRandomValues(new Uint32Array(1));
  return (word % 36 ** OWN_WIDTH).toString(36).padStart(OWN_WIDTH, '0');
}
