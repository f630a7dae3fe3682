import type { ClientBase, Pool } from 'pg';
import type { Ear } from './postgres-listener.js';

/** Says where a connection leads; the rest of a pool's options (TLS, time limits, name) is for every connection. */
const LEADING = ['connectionString', 'host', 'port', 'user', 'password', 'database'];

const NOTIFY = 'SELECT pg_notify($1, $2)';

/** Says something over a connection that is made for it; where `url` leads nowhere, over one to where the pool's lead. */
export async function sayOnce(pool: Pool, { channel, url }: EarPlace, payload: string): Promise<void> {
  const client = clientBeside(pool, url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(NOTIFY, [channel, payload]);
  } catch (error) {
    if (url === null) throw error;
    await sayOnce(pool, { channel, url: null }, payload);
  } finally {
    client.end().catch(() => undefined);
  }
}

/** A connection beside the pool, made as the pool's are, that listens on a channel; `url`: to another address. */
export async function openEar(
  pool: Pool,
  { channel, url }: EarPlace,
  { heard, lost }: { heard: (payload: string) => void; lost: () => void },
): Promise<Ear> {
  const client = clientBeside(pool, url);
  let isOpen = true;
  const end = (tell: () => void) => (): void => {
    if (!isOpen) return;
    isOpen = false;
    tell();
    client.end().catch(() => undefined);
  };
  client.on('error', end(lost));
  client.on('end', end(lost));
  client.on('notification', ({ payload }) => isOpen && heard(payload ?? ''));
  await client.connect();
  await client.query(`LISTEN "${channel}"`);
  return {
    say: async (payload) => void (await client.query(NOTIFY, [channel, payload])),
    close: end(() => undefined),
  };
}

function clientBeside(pool: Pool, url: string | null): EarClient {
  const { Client, options } = pool as unknown as { Client: new (options: object) => EarClient; options: object };
  return new Client(url === null ? options : { ...without(options, LEADING), connectionString: url });
}

function without(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
}

/** A channel; `url`: by another address than the pool's. */
export interface EarPlace {
  readonly channel: string;
  readonly url: string | null;
}

type EarClient = ClientBase & { end(): Promise<void> };
