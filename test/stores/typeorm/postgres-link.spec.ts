import { describe, expect, it } from '@jest/globals';
import { KeptPlans } from '../../../lib/stores/typeorm/dialects/postgres/kept-plans.js';
import { lendLink } from '../../../lib/stores/typeorm/dialects/postgres/postgres-link.js';

/** A pool of one client that notes what goes over its stream, and when it is let go. */
function noting(stream: object = {}): { pool: never; log: string[] } {
  const log: string[] = [];
  const note = (what: string) => () => void log.push(what);
  const client = {
    connection: { stream: { cork: note('hold'), uncork: note('go'), ...stream } },
    on: () => undefined,
    query: ({ text }: { text: string }) => {
      log.push(text);
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
  };
  return { pool: { connect: () => Promise.resolve(client) } as never, log };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('statements of one turn on PostgreSQL', () => {
  it('go over together, those that follow without waiting for an answer too', async () => {
    const { pool, log } = noting();
    const link = await lendLink(pool, new KeptPlans());

    void link.query('one');
    await Promise.resolve();
    void link.query('two');
    await turn();

    expect(log).toEqual(['hold', 'one', 'two', 'go']);
  });

  it('do not wait for those of the next turn', async () => {
    const { pool, log } = noting();
    const link = await lendLink(pool, new KeptPlans());

    void link.query('one');
    await turn();
    void link.query('two');
    await turn();

    expect(log).toEqual(['hold', 'one', 'go', 'hold', 'two', 'go']);
  });

  it('go one by one over a stream that cannot hold them', async () => {
    const { pool, log } = noting({ cork: undefined });
    const link = await lendLink(pool, new KeptPlans());

    void link.query('one');
    await turn();

    expect(log).toEqual(['one']);
  });
});
