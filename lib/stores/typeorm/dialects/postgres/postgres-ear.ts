import type { ClientBase, Pool } from 'pg';
import type { Ear } from './postgres-listener.js';

/** A connection beside the pool, made as the pool's are, that listens on a channel. */
export async function openEar(
  pool: Pool,
  channel: string,
  { heard, lost }: { heard: (payload: string) => void; lost: () => void },
): Promise<Ear> {
  const { Client, options } = pool as unknown as { Client: new (options: object) => EarClient; options: object };
  const client = new Client(options);
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

type EarClient = ClientBase & { end(): Promise<void> };
