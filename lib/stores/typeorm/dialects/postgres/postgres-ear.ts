import type { ClientBase, Pool } from 'pg';
import type { Ear } from './postgres-listener.js';

/** Says where a connection leads; the rest of a pool's options (TLS, time limits, name) is for every connection. */
const LEADING = ['connectionString', 'host', 'port', 'user', 'password', 'database'];

/** A connection beside the pool, made as the pool's are, that listens on a channel; `url`: to another address. */
export async function openEar(
  pool: Pool,
  { channel, url }: { channel: string; url: string | null },
  { heard, lost }: { heard: (payload: string) => void; lost: () => void },
): Promise<Ear> {
  const { Client, options } = pool as unknown as { Client: new (options: object) => EarClient; options: object };
  const client = new Client(url === null ? options : { ...without(options, LEADING), connectionString: url });
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
  return { close: end(() => undefined) };
}

function without(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
}

type EarClient = ClientBase & { end(): Promise<void> };
