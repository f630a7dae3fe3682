import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { UnknownJobError } from '../engine/index.js';
import { OnSchedulerEvent, SchedulerRegistry } from '../nest/index.js';
import type { SchedulerEvent } from '../nest/index.js';

const PAGE = 1_000;

/**
 * Ids that a test may ask about: of jobs, switched off, finished and removed ones too, and of runs that a store keeps. An
 * expectation is made at once and can ask no store, so they are read when the application starts, and noted from then on.
 */
@Injectable()
export class KnownJobs implements OnApplicationBootstrap {
  private readonly ids = new Set<string>();

  constructor(@Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry) {}

  @OnSchedulerEvent('job.added')
  keep({ job }: SchedulerEvent): void {
    if (job !== null) this.add(job.id);
  }

  add(id: string): void {
    this.ids.add(id);
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const { id } of await this.registry.list()) this.add(id);
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await this.registry.runs({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      for (const { jobId } of page.runs) this.add(jobId);
      cursor = page.cursor;
    }
  }

  /** @throws {UnknownJobError} */
  require(id: string): void {
    if (!this.ids.has(id)) throw new UnknownJobError(id);
  }

  /**
   * The same where a store can be asked, for what another process put there meanwhile.
   *
   * @throws {UnknownJobError}
   */
  async requireNow(id: string): Promise<void> {
    if (this.ids.has(id) || (await this.registry.has(id))) return;
    const { runs } = await this.registry.history(id, { limit: 1 });
    if (runs.length === 0) throw new UnknownJobError(id);
  }
}
