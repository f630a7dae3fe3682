import type { Clock, Instant, JobPause, Millis, NodeRecord, NodeRegistry } from '../../core/index.js';
import { parsedOrNull } from './lines.js';
import type { RedisLink } from './redis-link.js';
import type { WakeChannel } from './wake-channel.js';

/** What was said on a connection that broke unnoticed is found by then. */
const PAUSE_TRUSTED_FOR: Millis = 15_000;

export interface NodeRegistryParts {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly channel: WakeChannel;
  /** Tells other nodes of a change. */
  wakeOthers(): Promise<void>;
}

/** The paused flag, as good as read while no message came since. */
interface KnownPause {
  readonly pause: JobPause | null;
  readonly mark: number;
  readonly readAt: Millis;
}

/** Heartbeats, the list of nodes and the paused flag: few and small, as JSON. */
export class RedisNodeRegistry implements NodeRegistry {
  private known: KnownPause | null = null;
  /** When the node was seen that was seen longest ago, as the last list told. */
  private oldestAt: Instant | null = null;

  constructor(private readonly parts: NodeRegistryParts) {}

  async beat(node: NodeRecord): Promise<JobPause | null> {
    const { link, clock, channel } = this.parts;
    const text = JSON.stringify(node);
    const { known } = this;
    if (known !== null && known.mark === channel.mark && clock.monotonic() - known.readAt < PAUSE_TRUSTED_FOR) {
      await link.command((client) => client.hset(this.nodesKey, node.id, text));
      return known.pause;
    }
    const [mark, readAt] = [channel.mark, clock.monotonic()];
    const [, line] = await link.command((client) =>
      Promise.all([client.hset(this.nodesKey, node.id, text), client.get(this.pauseKey)]),
    );
    const pause = parsedOrNull<JobPause>(line ?? '');
    this.known = mark === null ? null : { pause, mark, readAt };
    return pause;
  }

  async leave(nodeId: string): Promise<void> {
    await this.parts.link.command((client) => client.hdel(this.nodesKey, nodeId));
  }

  async list(since: Instant): Promise<NodeRecord[]> {
    const nodes = await this.all();
    this.oldestAt = Math.min(...nodes.map((node) => node.seenAt));
    return nodes.filter((node) => node.seenAt >= since).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async readPause(): Promise<JobPause | null> {
    return parsedOrNull((await this.parts.link.command((client) => client.get(this.pauseKey))) ?? '');
  }

  async writePause(pause: JobPause | null): Promise<void> {
    this.known = null;
    await this.parts.link.command<unknown>((client) =>
      pause === null ? client.del(this.pauseKey) : client.set(this.pauseKey, JSON.stringify(pause)),
    );
    this.known = null;
    await this.parts.wakeOthers();
  }

  async forget(before: Instant): Promise<number> {
    // Nodes are only ever seen later: upkeep has just read the list.
    const isKnown = this.oldestAt !== null && this.oldestAt >= before;
    this.oldestAt = null;
    if (isKnown) return 0;
    const old = (await this.all()).filter((node) => node.seenAt < before).map((node) => node.id);
    return old.length === 0 ? 0 : await this.parts.link.command((client) => client.hdel(this.nodesKey, ...old));
  }

  private async all(): Promise<NodeRecord[]> {
    const texts = await this.parts.link.command((client) => client.hvals(this.nodesKey));
    return texts.map((text) => JSON.parse(text) as NodeRecord);
  }

  private get nodesKey(): string {
    return `${this.parts.link.base}:nodes`;
  }

  private get pauseKey(): string {
    return `${this.parts.link.base}:pause`;
  }
}
