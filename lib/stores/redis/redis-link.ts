import type { RedisOptions } from 'ioredis';
import { loadOptional } from '../../core/index.js';
import type { Clock, Millis, SchedulerError } from '../../core/index.js';
import { classified, isLost } from './classify.js';
import type { Place } from './classify.js';
import { RedisStoreClosedError, RedisTimeoutError, RedisTooOldError, RedisUnreachableError } from './errors.js';
import type { RedisClient } from './redis-store-options.js';
import { SCRIPTS } from './scripts/index.js';
import type { ScriptName } from './scripts/index.js';

/** What a link is made of. */
export interface LinkOptions {
  readonly place: Place;
  readonly clock: Clock;
  /** Start of the names of all keys; the part in braces keeps them together in a cluster. */
  readonly base: string;
  readonly commandTimeout: Millis;
  readonly client: RedisClient | undefined;
  /** Of a client of the store's own. */
  readonly connection: RedisOptions;
  warn(warning: string): void;
}

const FIRST_RETRY: Millis = 50;
const LONGEST_RETRY: Millis = 5_000;
/** After a connection broke in the middle of a command: the client is about to notice. */
const BREATH: Millis = 20;
const OLDEST_VERSION = 7;

/** Words that an argument of a script may be. */
type Argument = string | number | Buffer;

/**
 * The store's way to Redis. Commands are bounded in time; what broke off with the connection is asked again once it is
 * back, within that time: every script answers the same when it is asked twice.
 */
export class RedisLink {
  private client: RedisClient | null = null;
  private opening: Promise<void> | null = null;
  private lastError: unknown = null;
  private readonly shas = new Map<ScriptName, string>();

  constructor(private readonly options: LinkOptions) {}

  get base(): string {
    return this.options.base;
  }

  /** As the server sees it: clients of the application may put something before each key. */
  get channel(): string {
    const { keyPrefix } = this.connected().options as RedisOptions;
    return `${keyPrefix ?? ''}${this.base}:wake`;
  }

  async open(): Promise<void> {
    this.opening ??= this.connect().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    await this.opening;
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    this.opening = null;
    if (client === null || client === this.options.client) return;
    // Answers of commands on their way are still taken, if the server is there.
    if (client.status === 'ready') await client.quit().catch(() => undefined);
    endClient(client);
  }

  /** A connection of its own to the same place, for messages; not connected yet. */
  anotherClient(): RedisClient {
    const client = this.connected();
    const own = { autoResubscribe: false, lazyConnect: true, maxRetriesPerRequest: null, retryStrategy } as const;
    const copy = 'nodes' in client ? client.duplicate() : client.duplicate(own);
    copy.on('error', () => undefined);
    return copy;
  }

  async run(name: ScriptName, ...args: readonly Argument[]): Promise<unknown> {
    return await this.command((client) => this.evaluate(client, name, args));
  }

  /** @throws errors of this store, with a code and advice */
  async command<T>(ask: (client: RedisClient) => Promise<T>): Promise<T> {
    const { clock, commandTimeout } = this.options;
    const deadline = clock.monotonic() + commandTimeout;
    for (;;) {
      try {
        const client = this.connected();
        if (client.status !== 'ready') await this.untilReady(client, deadline);
        return await this.inTime(ask(client), deadline);
      } catch (error) {
        if (!isLost(error) || clock.monotonic() + BREATH >= deadline) throw this.classified(error);
        await new Promise<void>((resolve) => clock.after(BREATH, resolve));
      }
    }
  }

  private async evaluate(client: RedisClient, name: ScriptName, args: readonly Argument[]): Promise<unknown> {
    try {
      return await client.evalsha(this.shas.get(name)!, 1, this.base, ...args);
    } catch (error) {
      // After a restart or a flush of the script cache, and on each node of a cluster the first time.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await client.eval(SCRIPTS[name], 1, this.base, ...args);
    }
  }

  private connected(): RedisClient {
    if (this.client === null) throw new RedisStoreClosedError(this.options.place.store);
    return this.client;
  }

  private async connect(): Promise<void> {
    const client = this.options.client ?? (await this.ownClient());
    this.client = client;
    try {
      if (client.status === 'wait') await this.inTime(client.connect(), this.deadline());
      else if (client.status !== 'ready') await this.untilReady(client, this.deadline());
      await this.checkServer(client);
      await this.loadScripts(client);
    } catch (error) {
      this.client = null;
      if (client !== this.options.client) endClient(client);
      throw this.classified(isLost(error) ? (this.lastError ?? error) : error);
    }
  }

  private deadline(): Millis {
    return this.options.clock.monotonic() + this.options.commandTimeout;
  }

  private async ownClient(): Promise<RedisClient> {
    const feature = `The store "${this.options.place.store}" (type: redis)`;
    const { Redis } = await loadOptional(
      { name: 'ioredis', feature, install: 'npm install ioredis' },
      () => import('ioredis'),
    );
    let wasReady = false;
    const client = new Redis({
      // Who opens a store waits for an answer: nobody there, or a wrong password, is one.
      retryStrategy: (times) => (wasReady ? retryStrategy(times) : null),
      ...this.options.connection,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // What was on its way fails with its connection, and is asked again here.
      maxRetriesPerRequest: 0,
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    // Without a listener the client would print it; here it is told with the command that fails.
    client.on('error', (error: unknown) => (this.lastError = error));
    client.once('ready', () => (wasReady = true));
    return client;
  }

  private async checkServer(client: RedisClient): Promise<void> {
    const facts = await client.info();
    const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(facts)?.[1] ?? '';
    const { store, address } = this.options.place;
    const version = fact('redis_version');
    if (Number.parseInt(version, 10) < OLDEST_VERSION) throw new RedisTooOldError(store, address, version);
    const policy = fact('maxmemory_policy');
    if (fact('maxmemory') === '0' || !policy.startsWith('allkeys')) return;
    this.options.warn(
      `Store "${store}": Redis at ${address} evicts keys when its memory is full (maxmemory-policy ${policy}), jobs and ` +
        `runs among them. Set maxmemory-policy to noeviction, or give the jobs a server of their own.`,
    );
  }

  private async loadScripts(client: RedisClient): Promise<void> {
    const names = Object.keys(SCRIPTS) as ScriptName[];
    const shas = await Promise.all(names.map((name) => client.script('LOAD', SCRIPTS[name])));
    names.forEach((name, index) => this.shas.set(name, String(shas[index])));
  }

  private async untilReady(client: RedisClient, deadline: Millis): Promise<void> {
    const { store, address } = this.options.place;
    if (client.status === 'end') throw new RedisUnreachableError(store, address, 'its client was closed');
    let settle = (): void => undefined;
    const ready = new Promise<void>((resolve) => (settle = resolve));
    client.once('ready', settle);
    client.once('end', settle);
    try {
      await this.inTime(ready, deadline);
    } catch (error) {
      if (!(error instanceof RedisTimeoutError)) throw error;
      const { lastError } = this;
      if (lastError !== null) throw this.classified(lastError);
      throw new RedisUnreachableError(store, address, 'the connection is lost');
    } finally {
      client.off('ready', settle);
      client.off('end', settle);
    }
  }

  private async inTime<T>(answer: Promise<T>, deadline: Millis): Promise<T> {
    const { clock, place, commandTimeout } = this.options;
    return await new Promise<T>((resolve, reject) => {
      const timer = clock.after(Math.max(0, deadline - clock.monotonic()), () =>
        reject(new RedisTimeoutError(place.store, place.address, commandTimeout)),
      );
      answer.then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (error: unknown) => {
          timer.cancel();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
          reject(error);
        },
      );
    });
  }

  private classified(error: unknown): SchedulerError {
    return classified(error, this.options.place);
  }
}

/** One that has ended would only set a timer for its end. */
function endClient(client: RedisClient): void {
  if (client.status !== 'end') client.disconnect();
}

/** Ever less often, with a random part, so that nodes do not come back all at once (P21). */
function retryStrategy(times: number): Millis {
  return Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(times - 1, 10)) * (0.5 + Math.random() / 2);
}
