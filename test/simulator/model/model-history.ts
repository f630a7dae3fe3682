import type {
  Instant,
  JobPause,
  NodeRecord,
  NodeRegistry,
  PruneRequest,
  RunFilter,
  RunHistory,
  RunPage,
  RunRecord,
} from '../../../lib/core/index.js';
import type { ModelTable } from './model-table.js';

/** Reading and pruning: every row is looked at. */
export class ModelHistory implements RunHistory {
  constructor(private readonly table: ModelTable) {}

  find(runId: string): RunRecord | null {
    const run = this.table.runs.get(runId) ?? this.table.settled.get(runId);
    return run === undefined ? null : { ...run };
  }

  page(filter: RunFilter): RunPage {
    const all = [...this.table.runs.values(), ...this.table.settled.values()]
      .filter((run) => isWanted(run, filter))
      .sort((one, other) => keyOf(other).localeCompare(keyOf(one)));
    const rest = filter.cursor === undefined ? all : all.filter((run) => keyOf(run) < filter.cursor!);
    const runs = rest.slice(0, filter.limit).map((run) => ({ ...run }));
    return { runs, cursor: rest.length > filter.limit ? keyOf(runs[runs.length - 1]) : null };
  }

  prune({ at, settledBefore, keepPerJob, limit }: PruneRequest): number {
    const gone: string[] = [];
    const perJob = new Map<string, number>();
    const newestFirst = [...this.table.settled.values()].sort(
      (one, other) => other.settledAt! - one.settledAt! || (one.id < other.id ? 1 : -1),
    );
    for (const run of newestFirst) {
      const policy = this.table.jobs.get(run.jobId)?.policy.history ?? null;
      const age = policy?.age ?? null;
      const before = age === null ? settledBefore : at - age;
      const count = (perJob.get(run.jobId) ?? 0) + 1;
      perJob.set(run.jobId, count);
      const isOver = count > (policy?.count ?? keepPerJob ?? Infinity);
      if (isOver || (before !== null && run.settledAt! < before)) gone.unshift(run.id);
    }
    for (const id of gone.slice(0, limit)) this.table.settled.delete(id);
    return Math.min(gone.length, limit);
  }
}

function keyOf({ fireTime, id }: RunRecord): string {
  return `${String(fireTime).padStart(16, '0')}/${id}`;
}

function isWanted(run: RunRecord, filter: RunFilter): boolean {
  return (
    (filter.jobId === undefined || run.jobId === filter.jobId) &&
    (filter.states === undefined || filter.states.includes(run.state)) &&
    (filter.reason === undefined || run.reason === filter.reason) &&
    (filter.node === undefined || run.node === filter.node) &&
    (filter.kind === undefined || run.kind === filter.kind) &&
    (filter.from === undefined || run.fireTime >= filter.from) &&
    (filter.to === undefined || run.firstFireTime <= filter.to)
  );
}

export class ModelNodes implements NodeRegistry {
  private readonly nodes = new Map<string, NodeRecord>();
  private pause: JobPause | null = null;

  beat(node: NodeRecord): JobPause | null {
    this.nodes.set(node.id, { ...node });
    return this.pause;
  }

  leave(nodeId: string): void {
    this.nodes.delete(nodeId);
  }

  list(since: Instant): NodeRecord[] {
    const seen = [...this.nodes.values()].filter((node) => node.seenAt >= since);
    return seen.sort((one, other) => (one.id < other.id ? -1 : 1)).map((node) => ({ ...node }));
  }

  readPause(): JobPause | null {
    return this.pause;
  }

  writePause(pause: JobPause | null): void {
    this.pause = pause;
  }

  forget(before: Instant): number {
    const gone = [...this.nodes.values()].filter((node) => node.seenAt < before);
    for (const node of gone) this.nodes.delete(node.id);
    return gone.length;
  }
}
