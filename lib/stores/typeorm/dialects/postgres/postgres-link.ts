import type { Pool, PoolClient } from 'pg';
import type { Answer, Link } from '../server/link.js';
import { isPlanMistaken } from './kept-plans.js';
import type { KeptPlans } from './kept-plans.js';
import { codeOf } from './postgres-errors.js';

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
export async function lendLink(pool: Pool, plans: KeptPlans): Promise<Link> {
  const client = await pool.connect();
  if (!watched.has(client)) {
    watched.add(client);
    client.on('error', () => undefined);
  }
  const together = togetherOn(client);
  return {
    query: (text, values, keepsPlan) => {
      together();
      const name = keepsPlan === undefined ? undefined : plans.nameOf(text);
      if (name === undefined) return ask(client, text, values);
      const answer = ask(client, text, values, name);
      // Beside it, not behind it: failures are to arrive in the order of their statements.
      answer.catch((error: unknown) => {
        if (isPlanMistaken(codeOf(error))) plans.refuse();
      });
      return answer;
    },
    release: () => client.release(),
    cut: () => {
      cutOff(client);
      client.release(true);
    },
  };
}

/** The caller's connection, which is theirs to end; one statement at a time, since such a one keeps no queue for long. */
export function callersLink(client: Pick<PoolClient, 'query'>): Link {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: (text, values) => {
      const answer = last.then(() => ask(client, text, values));
      last = answer.catch(() => undefined);
      return answer;
    },
    release: () => undefined,
    cut: () => undefined,
  };
}

/** What is sent in one turn goes over in one write: each is a call of the system here, and wakes the server there. */
function togetherOn(client: PoolClient): () => void {
  const { stream } = (client as unknown as ClientParts).connection ?? {};
  if (stream?.cork === undefined) return () => undefined;
  let isHeld = false;
  const go = (): void => {
    isHeld = false;
    stream.uncork!();
  };
  return () => {
    if (isHeld) return;
    isHeld = true;
    stream.cork!();
    // Behind all that follows from the same answer without waiting for another one.
    queueMicrotask(() => process.nextTick(go));
  };
}

/**
 * A statement on a client of `pg`. Texts without values may hold several statements; the last one answers. What cannot even
 * be sent throws at once.
 */
export function ask(
  client: Pick<PoolClient, 'query'>,
  text: string,
  values?: readonly unknown[],
  name?: string,
): Promise<Answer> {
  const config = { name, text, values: values as unknown[] | undefined, rowMode: 'array', types: TYPES };
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
  (client as unknown as ClientParts).connection?.stream?.destroy?.();
}

/** What is used of a client besides its statements. */
interface ClientParts {
  readonly connection?: {
    readonly stream?: { readonly destroy?: () => void; readonly cork?: () => void; readonly uncork?: () => void };
  };
}
