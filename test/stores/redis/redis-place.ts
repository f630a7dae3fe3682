import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { SystemClock } from '../../../lib/core/index.js';
import type { Clock, Store } from '../../../lib/core/index.js';
import { createRedisStore } from '../../../lib/stores/redis/index.js';
import type { RedisStoreOptions } from '../../../lib/stores/redis/index.js';
import { SCRIPTS } from '../../../lib/stores/redis/scripts/index.js';
import { placeOn, ENGINES } from '../../support/servers/index.js';
import type { Place } from '../../support/servers/index.js';

type Part = Partial<RedisStoreOptions> & { readonly clock?: Clock };

/** A place of a suite's own on a server, and stores in it. */
export class RedisPlace {
  private readonly opened: Store[] = [];
  /** For looks past the store. */
  readonly client: Redis;

  private constructor(
    readonly url: string,
    private readonly place: Place,
  ) {
    this.client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    this.client.on('error', () => undefined);
  }

  static async on(url: string): Promise<RedisPlace> {
    return new RedisPlace(url, await placeOn(ENGINES.redis, url));
  }

  get prefix(): string {
    return this.place.name;
  }

  key(name: string, application = 'shop'): string {
    return `${this.prefix}{${application}}:${name}`;
  }

  /** Not opened yet. */
  store(options: Part = {}): Store {
    const where = options.client === undefined && options.connection === undefined ? { url: this.url } : {};
    const store = createRedisStore({
      alias: 'redis',
      application: 'shop',
      clock: new SystemClock(),
      keyPrefix: this.prefix,
      ...where,
      ...options,
    });
    this.opened.push(store);
    return store;
  }

  async openStore(options: Part = {}): Promise<Store> {
    const store = this.store(options);
    await store.jobs.open();
    return store;
  }

  async clear(): Promise<void> {
    for (const store of this.opened) await store.jobs.close();
    await this.place.drop().catch(() => undefined);
    this.client.disconnect();
  }
}

/** Those that write: what only reads is no step that something could be lost between. */
const WRITING = new Map(
  (['commit', 'readDue', 'settle', 'renew'] as const).map((name) => [shaOf(SCRIPTS[name]), name]),
);

/** A client that calls `fault` before each script that the store writes with. */
export function faultyClient(url: string, fault: (step: string) => void): Redis {
  const client = new Redis(url, { lazyConnect: true });
  const send = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const evalsha = async (sha: string, ...args: unknown[]): Promise<unknown> => {
    const name = WRITING.get(sha);
    if (name !== undefined) fault(name);
    return await send(sha, ...args);
  };
  return Object.assign(client, { evalsha });
}

function shaOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** Looks again until it finds something. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error('It did not come to pass within 20 s.');
    await wait(5);
  }
}
