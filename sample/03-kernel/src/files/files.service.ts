import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { JobContext } from 'nest-carillon';
import { settings } from '../settings.js';

const DAY_MS = 86_400_000;
const LOG_LIMIT_BYTES = 10_000_000;

@Injectable()
export class FilesService {
  /** @returns what is kept in the run's history */
  async cleanUpUploads(days: number, job: JobContext): Promise<{ deleted: number }> {
    const cutoff = job.fireTime.getTime() - days * DAY_MS;
    const old = (await filesIn(settings.uploads)).filter(({ changedAt }) => changedAt < cutoff);
    await Promise.all(old.map(({ path }) => rm(path, { force: true })));
    return { deleted: old.length };
  }

  async cleanUpLogs(): Promise<{ emptied: number }> {
    const large = (await filesIn(settings.logs)).filter(({ size }) => size > LOG_LIMIT_BYTES);
    await Promise.all(large.map(({ path }) => truncate(path)));
    return { emptied: large.length };
  }
}

async function filesIn(folder: string) {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), at: await stat(join(folder, name)) })),
  );
  return found.filter(({ at }) => at.isFile()).map(({ path, at }) => ({ path, size: at.size, changedAt: at.mtimeMs }));
}
