import type { Instant, JobPause, NodeRecord, NodeRegistry } from '../../core/index.js';
import { parsedOrNull } from './lines.js';
import type { RedisLink } from './redis-link.js';

/** Heartbeats, the list of nodes and the paused flag: few and small, as JSON. */
export class RedisNodeRegistry implements NodeRegistry {
  constructor(
    private readonly link: RedisLink,
    /** Tells other nodes of a change. */
    private readonly wakeOthers: () => Promise<void>,
  ) {}

  async beat(node: NodeRecord): Promise<JobPause | null> {
    const [, pause] = await this.link.command((client) =>
      Promise.all([client.hset(this.nodesKey, node.id, JSON.stringify(node)), client.get(this.pauseKey)]),
    );
    return parsedOrNull(pause ?? '');
  }

  async leave(nodeId: string): Promise<void> {
    await this.link.command((client) => client.hdel(this.nodesKey, nodeId));
  }

  async list(since: Instant): Promise<NodeRecord[]> {
    const nodes = await this.all();
    return nodes.filter((node) => node.seenAt >= since).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async readPause(): Promise<JobPause | null> {
    return parsedOrNull((await this.link.command((client) => client.get(this.pauseKey))) ?? '');
  }

  async writePause(pause: JobPause | null): Promise<void> {
    await this.link.command<unknown>((client) =>
      pause === null ? client.del(this.pauseKey) : client.set(this.pauseKey, JSON.stringify(pause)),
    );
    await this.wakeOthers();
  }

  async forget(before: Instant): Promise<number> {
    const old = (await this.all()).filter((node) => node.seenAt < before).map((node) => node.id);
    return old.length === 0 ? 0 : await this.link.command((client) => client.hdel(this.nodesKey, ...old));
  }

  private async all(): Promise<NodeRecord[]> {
    const texts = await this.link.command((client) => client.hvals(this.nodesKey));
    return texts.map((text) => JSON.parse(text) as NodeRecord);
  }

  private get nodesKey(): string {
    return `${this.link.base}:nodes`;
  }

  private get pauseKey(): string {
    return `${this.link.base}:pause`;
  }
}
