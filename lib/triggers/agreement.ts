import type { Instant, Trigger } from '../core/index.js';
import { CompiledCron, NEVER } from './cron/compiled-cron.js';
import { EARLIEST_SECOND, nextSecond } from './cron/cron-walk.js';
import type { GivenFields } from './cron/parsed-fields.js';
import { partsOfFields } from './cron/parsed-fields.js';
import { LONGEST_SEARCH, MOST_STEPS, onGridFrom } from './search.js';
import type { Zone } from './zone.js';

/** Where the children of an And agree. */
export interface Agreement {
  /** False when the given fields alone rule out every date or time. */
  readonly isPossible: boolean;
  next(after: Instant): Instant | null;
}

/** A cron child in the field form: what it gives constrains, what it leaves out does not. */
export interface Condition {
  readonly fields: GivenFields;
  readonly zone: Zone;
  readonly from: Instant;
  readonly until: Instant;
}

/** Only conditions: their given fields are intersected, and only then the defaults filled in. */
export function agreementOfConditions(conditions: readonly Condition[], zone: Zone): Agreement {
  const parts = partsOfFields(conditions.map((condition) => condition.fields));
  const isPossible = CompiledCron.canFire(parts);
  const cron = new CompiledCron(parts);
  const from = Math.max(...conditions.map((condition) => condition.from));
  const until = Math.min(...conditions.map((condition) => condition.until));
  return {
    isPossible,
    next: (after) => {
      const second = nextSecond(cron, zone, secondAfter(Math.max(after, from - 1)));
      return second === NEVER || second * 1000 > until ? null : second * 1000;
    },
  };
}

/** Instants at which all the others fire, equal to the second, and whose local time meets each condition. */
export function agreementOfOthers(others: readonly Trigger[], conditions: readonly Condition[]): Agreement {
  const parts = conditions.map((condition) => partsOfFields([condition.fields], true));
  const isPossible = parts.every((it) => CompiledCron.canFire(it));
  const met = conditions.map((condition, index) => ({
    ...condition,
    cron: new CompiledCron(parts[index]),
  }));
  return { isPossible, next: (after) => new Search(others, met, after).next() };
}

interface CompiledCondition extends Condition {
  readonly cron: CompiledCron;
}

/** One search: leaps from the latest answer to the next, so that sparse children lead. */
class Search {
  private readonly others: readonly Trigger[];

  constructor(
    others: readonly Trigger[],
    private readonly conditions: readonly CompiledCondition[],
    private readonly after: Instant,
  ) {
    this.others = others.map((other) => onGridFrom(other, after));
  }

  next(): Instant | null {
    let cursor = this.others.length === 1 ? this.after : startOfSecond(this.after) - 1;
    let last = Infinity;
    for (let step = 0; step < MOST_STEPS; step++) {
      const times = this.others.map((other) => other.next(cursor));
      if (times.includes(null)) return null;
      const latest = Math.max(...(times as Instant[]));
      last = Math.min(last, latest + LONGEST_SEARCH);
      if (latest > last) return null;
      const met = this.metFrom(latest);
      if (met === null) return null;
      if (met > latest) cursor = met - 1;
      else if (times.some((time) => (time as Instant) < startOfSecond(latest))) cursor = startOfSecond(latest) - 1;
      else if (latest <= this.after) cursor = startOfSecond(latest) + 999;
      else return latest;
    }
    return null;
  }

  /** `at` when it meets every condition, else the earliest instant that may; null when none will. */
  private metFrom(at: Instant): Instant | null {
    let earliest = at;
    for (const { cron, zone, from, until } of this.conditions) {
      const second = Math.max(Math.floor(at / 1000), Math.ceil(from / 1000), EARLIEST_SECOND);
      const found = nextSecond(cron, zone, second);
      if (found === NEVER || found * 1000 > until) return null;
      if (found * 1000 > at) earliest = Math.max(earliest, found * 1000);
    }
    return earliest;
  }
}

const startOfSecond = (at: Instant): Instant => Math.floor(at / 1000) * 1000;

function secondAfter(at: Instant): number {
  const second = Math.floor(at / 1000) + 1;
  return second > EARLIEST_SECOND ? second : EARLIEST_SECOND;
}
