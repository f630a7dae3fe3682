import type { RedisLink } from './redis-link.js';
import type { RedisClient } from './redis-store-options.js';

/** Messages between nodes: somebody changed jobs. A connection of its own, subscribed anew whenever it comes back. */
export class WakeChannel {
  private subscriber: RedisClient | null = null;
  private isHearing = false;
  private heard = 0;
  /** Claims of this process may be taken back. */
  doubt: () => void = nothing;

  constructor(
    private readonly link: RedisLink,
    /** Marks messages of this very store, which are for others. */
    private readonly origin: string,
  ) {}

  /** true: it is to hear messages, and does not; some may have been missed. */
  get isDeaf(): boolean {
    return this.subscriber !== null && !this.isHearing;
  }

  /** Changes with every message, also with those that may have been missed; null: messages do not come through. */
  get mark(): number | null {
    return this.isHearing ? this.heard : null;
  }

  listen(wake: () => void, doubt: () => void): () => void {
    this.close();
    this.doubt = doubt;
    const subscriber = this.link.anotherClient();
    this.subscriber = subscriber;
    const { channel } = this.link;
    subscriber.on('message', (_channel: string, origin: string) => {
      this.heard++;
      if (origin !== this.origin) wake();
    });
    subscriber.on('ready', () => {
      subscriber.subscribe(channel).then(
        () => {
          this.isHearing = true;
          this.heard++;
          // What was said meanwhile was not heard.
          wake();
        },
        () => undefined,
      );
    });
    subscriber.on('close', () => (this.isHearing = false));
    if (subscriber.status === 'wait') subscriber.connect().catch(() => undefined);
    return () => {
      if (this.subscriber === subscriber) this.close();
    };
  }

  close(): void {
    const { subscriber } = this;
    this.subscriber = null;
    this.isHearing = false;
    this.doubt = nothing;
    if (subscriber === null) return;
    subscriber.removeAllListeners('message');
    subscriber.removeAllListeners('ready');
    subscriber.disconnect();
  }
}

function nothing(): void {
  // Nobody holds claims.
}
