import type { NewJob, PutOptions, PutResult } from '../../core/index.js';

/** Jobs in one step, about. */
const MOST = 2_000;

interface Waiting {
  readonly jobs: readonly NewJob[];
  readonly options: PutOptions;
  readonly resolve: (results: PutResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Callers that add jobs at the same time share a transaction: those that come while one is on its way go with the next. When
 * a shared one fails, each is done alone, so that nobody fails for another's job.
 */
export class PutLine {
  private waiting: Waiting[] = [];
  private isBusy = false;

  constructor(private readonly write: (jobs: readonly NewJob[], options: PutOptions) => Promise<PutResult[]>) {}

  put(jobs: readonly NewJob[], options: PutOptions): Promise<PutResult[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ jobs, options, resolve, reject });
      if (this.isBusy) return;
      this.isBusy = true;
      // Whoever calls in the same turn of the loop comes along.
      queueMicrotask(() => void this.serve());
    });
  }

  private async serve(): Promise<void> {
    while (this.waiting.length > 0) await this.writeTogether(this.next());
    this.isBusy = false;
  }

  private next(): Waiting[] {
    let count = 0;
    const end = this.waiting.findIndex((it, index) => (count += it.jobs.length) > MOST && index > 0);
    return this.waiting.splice(0, end === -1 ? this.waiting.length : end);
  }

  private async writeTogether(group: readonly Waiting[]): Promise<void> {
    if (group.length === 1) return await this.writeAlone(group[0]);
    let results: PutResult[];
    try {
      results = await this.write(
        group.flatMap((it) => it.jobs),
        sharedOptions(group),
      );
    } catch {
      for (const it of group) await this.writeAlone(it);
      return;
    }
    let from = 0;
    for (const { jobs, resolve } of group) resolve(results.slice(from, (from += jobs.length)));
  }

  private async writeAlone({ jobs, options, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve(await this.write(jobs, options));
    } catch (error) {
      reject(error);
    }
  }
}

/** Each job is judged by its own caller. */
function sharedOptions(group: readonly Waiting[]): PutOptions {
  const owners = new Map<NewJob, PutOptions>();
  for (const { jobs, options } of group) for (const job of jobs) owners.set(job, options);
  return {
    now: () => Math.max(...group.map(({ options }) => options.now())),
    reconcile: (existing, incoming, now) => owners.get(incoming)!.reconcile(existing, incoming, now),
  };
}
