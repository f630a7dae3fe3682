import { Injectable } from '@nestjs/common';
import { ConsoleCommand } from 'nest-carillon';
import type { JobContext } from 'nest-carillon';

@Injectable()
export class CacheService {
  private readonly entries = new Map<string, unknown>();

  set(key: string, value: unknown) {
    this.entries.set(key, value);
  }

  /** `cache:clear`, `cache:clear sessions`: the words of the command, then the context. */
  @ConsoleCommand('cache:clear')
  clear(...given: [JobContext] | [prefix: string, job: JobContext]): string {
    const prefix = given.length === 2 ? given[0] : '';
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.entries.delete(key);
    return `${keys.length} entries cleared`;
  }
}
