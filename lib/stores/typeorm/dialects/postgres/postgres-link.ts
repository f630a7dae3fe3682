import type { Pool, PoolClient } from 'pg';
import type { Answer, Link } from '../server/link.js';

/** The wire's text of a value, by the type's number; texts as they come. Integers of this store fit a double. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  20: Number,
  21: Number,
  23: Number,
  1700: Number,
};

const asIs = (text: string): string => text;

const TYPES = { getTypeParser: (oid: number) => PARSERS[oid] ?? asIs };

/** Clients that have a listener for errors: one that goes away while it is lent must not end the process. */
const watched = new WeakSet<PoolClient>();

/** A connection lent by the pool. */
export async function lendLink(pool: Pool): Promise<Link> {
  const client = await pool.connect();
  if (!watched.has(client)) {
    watched.add(client);
    client.on('error', () => undefined);
  }
  return {
    query: (text, values) => ask(client, text, values),
    release: () => client.release(),
    cut: () => {
      cutOff(client);
      client.release(true);
    },
  };
}

/**
 * A statement on a client of `pg`. Texts without values may hold several statements; the last one answers. What cannot even
 * be sent throws at once.
 */
export function ask(client: Pick<PoolClient, 'query'>, text: string, values?: readonly unknown[]): Promise<Answer> {
  const config = { text, values: values as unknown[] | undefined, rowMode: 'array', types: TYPES };
  return (client.query(config as never) as unknown as Promise<PgAnswer | PgAnswer[]>).then(answerOf);
}

function answerOf(answer: PgAnswer | PgAnswer[]): Answer {
  const last = Array.isArray(answer) ? answer[answer.length - 1] : answer;
  return { rows: last.rows, count: last.rowCount ?? 0 };
}

interface PgAnswer {
  readonly rows: unknown[][];
  readonly rowCount: number | null;
}

/** A goodbye would wait behind the statement that hangs. */
function cutOff(client: PoolClient): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy?: () => void } } };
  connection?.stream?.destroy?.();
}
