import type { Clock } from '../../core/index.js';
import { Changes } from './changes.js';
import { RedisContentionError } from './errors.js';
import type { RedisLink } from './redis-link.js';
import type { Rows } from './rows.js';
import { RunIds } from './run-ids.js';

/** How often a step is worked out anew when others changed what it went by. */
const MOST_TRIES = 100;

export interface CommitterParts {
  readonly store: string;
  readonly clock: Clock;
  readonly rows: Rows;
}

/** Writes changes, whole or not at all. */
export class Committer {
  readonly ids: RunIds;
  /** Told to other nodes with each change; they need not wake themselves. */
  readonly origin: string;
  private readonly link: RedisLink;

  constructor(private readonly parts: CommitterParts) {
    this.ids = new RunIds(parts.clock);
    this.origin = this.ids.next();
    this.link = parts.rows.link;
  }

  /** Answers the guards that failed, such as `j3`: nothing was written then. */
  async commit(changes: Changes): Promise<readonly string[]> {
    return (await this.link.run('commit', this.parts.rows.pack(changes.packable(this.ids.next())))) as string[];
  }

  /** Works something out and writes it, again until nothing changed under it. `build` fills the changes. */
  async optimistic<T>(build: (changes: Changes) => Promise<T>): Promise<T> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const changes = new Changes();
      const result = await build(changes);
      if (changes.isEmpty || (await this.commit(changes)).length === 0) return result;
    }
    throw new RedisContentionError(this.parts.store, MOST_TRIES);
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
