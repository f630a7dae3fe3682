import type { Instant, JobPause, NodeRecord, NodeRegistry } from '../../core/index.js';

/** The nodes of one process; more than one only in tests. */
export class MemoryNodeRegistry implements NodeRegistry {
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
