import { Global, Injectable, Module } from '@nestjs/common';

/** What the application did, by whom and when: seconds since it was started. */
@Injectable()
export class Journal {
  private readonly startedAt = new Date('2020-01-01T00:00:00.000Z').getTime();
  readonly entries: Record<string, (number | string)[]> = {};

  did(what: string): void {
    this.note(what, (Date.now() - this.startedAt) / 1_000);
  }

  note(what: string, value: number | string): void {
    (this.entries[what] ??= []).push(value);
  }
}

@Global()
@Module({ providers: [Journal], exports: [Journal] })
export class JournalModule {}
