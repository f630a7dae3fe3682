import type { JobDefinition, JobPolicy } from '../../lib/core/index.js';
import { at, every } from '../../lib/triggers/index.js';
import type { Random } from './random.js';
import type { SimNode } from './sim-node.js';
import { definition } from './sim-node.js';

/** Jobs and what people do to them, drawn from the seed. */
export class Workload {
  readonly code: readonly JobDefinition[];
  private added = 0;

  constructor(
    private readonly random: Random,
    /** Store time at the start, and when all triggers end. */
    private readonly from: number,
    private readonly until: number,
  ) {
    this.code = Array.from({ length: random.int(1, 4) }, (_, index) => this.job(`code-${index}`, 'code'));
  }

  /** One act of somebody, through one node; it may fail as any call may. */
  async act(node: SimNode, jobIds: readonly string[], runIds: readonly string[]): Promise<string> {
    const { random } = this;
    const { scheduler } = node;
    const id = jobIds.length === 0 ? 'none' : random.pick(jobIds);
    const by = { by: 'ann', reason: null };
    const now = this.from;
    switch (random.int(0, 11)) {
      case 0:
      case 1: {
        const isNew = random.chance(0.7);
        const added = this.job(isNew ? `run-time-${this.added++}` : id, 'runtime');
        await scheduler.add([added], { replaceExisting: random.chance(0.7) });
        return `add ${added.id}`;
      }
      case 2: {
        const until = random.chance(0.4) ? now + random.int(5_000, 60_000) : null;
        await scheduler.pause(id, { ...by, until });
        return `pause ${id}`;
      }
      case 3:
      case 4:
        await scheduler.resume(id, { catchUp: random.chance(0.3) });
        return `resume ${id}`;
      case 5:
        await scheduler.reschedule(id, this.trigger());
        return `reschedule ${id}`;
      case 6:
        await scheduler.remove(id);
        return `remove ${id}`;
      case 7:
        await scheduler.modify(id, { policy: { maxInstances: random.int(1, 3) } });
        return `modify ${id}`;
      case 8:
      case 9:
        await scheduler.runNow(id, { args: null, force: random.chance(0.2) });
        return `run ${id} now`;
      case 10: {
        const runId = runIds.length === 0 ? 'none' : random.pick(runIds.slice(-5));
        await scheduler.cancel(runId);
        return `cancel ${runId}`;
      }
      default:
        if (random.chance(0.5)) await scheduler.pauseAll({ ...by, until: null });
        else await scheduler.resumeAll();
        return 'pause or resume everything';
    }
  }

  private job(id: string, origin: JobDefinition['origin']): JobDefinition {
    return definition(id, this.trigger(), this.policy(), origin);
  }

  private trigger() {
    const { random } = this;
    if (random.chance(0.15)) return at(new Date(this.from + random.int(0, 30_000)));
    const length = random.pick([700, 2_000, 3_000, 5_000, 9_000]);
    const jitter = random.chance(0.25) ? { jitter: random.pick([500, 2_000, 4_000]) } : {};
    const limit = random.chance(0.1) ? { limit: random.int(1, 5) } : {};
    const fixedDelay = random.chance(0.15) ? { fixedDelay: true } : {};
    return every(`${length}ms`, { end: new Date(this.until), ...jitter, ...limit, ...fixedDelay });
  }

  private policy(): Partial<JobPolicy> {
    const { random } = this;
    const retry = {
      attempts: random.pick([1, 1, 3]),
      backoff: 'fixed',
      delay: 1_000,
      maxDelay: 4_000,
      jitter: 0,
    } as const;
    return {
      coalesce: random.chance(0.7),
      maxInstances: random.pick([1, 1, 1, 2, 3]),
      overlap: random.pick(['skip', 'skip', 'bufferOne', 'bufferAll', 'cancelOther'] as const),
      misfireGraceTime: random.chance(0.25) ? random.int(1_000, 8_000) : null,
      catchUpLimit: random.pick([3, 100]),
      timeout: random.chance(0.6) ? random.int(2_000, 8_000) : null,
      abortGrace: random.int(100, 1_000),
      recovery: random.pick(['retry', 'retry', 'retry', 'fail', 'skip'] as const),
      retry,
      history: { age: null, count: 10_000 },
    };
  }
}
