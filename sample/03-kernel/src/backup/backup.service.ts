import { mkdir, rename, rm } from 'node:fs/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { HookOutcome, JobContext } from 'nest-carillon';
import { DataSource } from 'typeorm';
import { settings } from '../settings.js';

@Injectable()
export class BackupService {
  private readonly logger = new Logger(BackupService.name);

  constructor(private readonly database: DataSource) {}

  announce() {
    this.logger.log('starting the backup');
  }

  /** SQLite writes a copy that is whole while others go on writing; it takes the last one's place in one step. */
  async run(): Promise<string> {
    await mkdir(settings.backups, { recursive: true });
    const draft = `${settings.dailyBackup}.new`;
    await rm(draft, { force: true });
    await this.database.query('VACUUM INTO ?', [draft]);
    await rename(draft, settings.dailyBackup);
    return `written to ${settings.dailyBackup}`;
  }

  tellEnd(_job: JobContext, outcome: HookOutcome) {
    this.logger.log(`the backup ${outcome.outcome}`);
  }
}
