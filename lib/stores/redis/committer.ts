import { HEARD_WITHIN, SystemClock } from '../../core/index.js';
import type { Clock, Instant, Millis } from '../../core/index.js';
import { Changes } from './changes.js';
import { RedisContentionError } from './errors.js';
import type { JobDraft } from './job-draft.js';
import type { RedisLink } from './redis-link.js';
import type { Rows } from './rows.js';
import { RunIds } from './run-ids.js';

/** How often a step is worked out anew when others changed what it went by. */
const MOST_TRIES = 100;

/** How a commit says that claims were taken back that are due, or as good as. */
const TOO_LATE = 't';
const NONE: readonly string[] = [];

export interface CommitterParts {
  readonly store: string;
  readonly clock: Clock;
  readonly rows: Rows;
  /** Claims are about to be taken back. */
  doubt(): void;
}

/** Writes changes, whole or not at all. */
export class Committer {
  readonly ids: RunIds;
  /** Told to other nodes with each change; they need not wake themselves. */
  readonly origin: string;
  private readonly link: RedisLink;
  private readonly isServerTimed: boolean;

  constructor(private readonly parts: CommitterParts) {
    this.ids = new RunIds(parts.clock);
    this.origin = this.ids.next();
    this.link = parts.rows.link;
    this.isServerTimed = parts.clock instanceof SystemClock;
  }

  /** Answers the guards that failed, such as `j3`: nothing was written then. */
  async commit(changes: Changes): Promise<readonly string[]> {
    if (changes.takesBack) this.parts.doubt();
    return (await this.link.run('commit', changes.packed(this.ids.next(), this.isServerTimed))) as string[];
  }

  /** Works something out and writes it, again until nothing changed under it. `build` fills the changes. */
  async optimistic<T>(build: (changes: Changes) => Promise<T>): Promise<T> {
    let room: Millis = 0;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const changes = new Changes(room);
      const result = await build(changes);
      const failed = changes.isEmpty ? NONE : await this.commit(changes);
      if (failed.length === 0) return result;
      // Of many claims some would fall due in each try: the next one leaves them the time that this one took.
      if (failed.includes(TOO_LATE)) room = 2 * (this.parts.clock.monotonic() - changes.decidedAt);
    }
    throw new RedisContentionError(this.parts.store, MOST_TRIES);
  }

  /** When a step decides that may take claims back: their owners hear of it by a message, when it has been worked out. */
  asOf(now: Instant, drafts: readonly JobDraft[], changes: Changes): Instant {
    changes.decidedAt = this.parts.clock.monotonic();
    if (!this.isServerTimed || !drafts.some((draft) => draft.isHeldAhead(now))) return now;
    return now + HEARD_WITHIN + changes.room;
  }

  /** Other nodes look again: something may be due sooner, or a claim of theirs was taken back. */
  wakeOthers(changes: Changes): void {
    changes.command('PUBLISH', ':wake', this.origin);
  }

  /** The first of so many new generations. */
  async newGenerations(count: number): Promise<number> {
    const last = await this.link.command((client) => client.incrby(`${this.link.base}:generation`, count));
    return last - count + 1;
  }
}
