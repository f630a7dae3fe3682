import { describe, expect, it } from '@jest/globals';
import { PostgresListener } from '../../../lib/stores/typeorm/dialects/postgres/postgres-listener.js';
import { ManualClock } from '../../../lib/testing/index.js';

describe('a withdrawal is announced', () => {
  async function listening(say: () => Promise<void>) {
    const clock = new ManualClock(0);
    const said: string[] = [];
    let hear: (payload: string) => void = () => undefined;
    let doubts = 0;
    const listener = new PostgresListener({
      clock,
      sender: 'me',
      listen: async (heard) => {
        hear = heard;
        return { say, close: () => undefined };
      },
      notify: async (payload) => hear(payload),
      sayOnce: async (payload) => void said.push(payload),
    });
    const stop = listener.watch(
      () => undefined,
      () => doubts++,
    );
    await clock.advanceAsync(100);
    expect(listener.isListening).toBe(true);
    return { clock, listener, said, stop, hear: (payload: string) => hear(payload), doubts: () => doubts };
  }

  it('over the connection that listens, and to this process before that', async () => {
    const { listener, said, stop, doubts } = await listening(async () => undefined);
    const announced = listener.announceWithdrawal();
    expect(doubts()).toBe(1);
    await announced;

    expect(said).toEqual([]);
    stop();
  });

  it('over one of its own, when that one fails', async () => {
    const { listener, said, stop } = await listening(() => Promise.reject(new Error('connection terminated')));
    await listener.announceWithdrawal();

    expect(said).toEqual(['withdrawal me']);
    stop();
  });

  it('over one of its own, when that one hangs, while the rows are held', async () => {
    const { clock, listener, said, stop } = await listening(() => new Promise(() => undefined));
    const announced = listener.announceWithdrawal();
    await clock.advanceAsync(1_000);

    expect(said).toEqual(['withdrawal me']);
    await announced;
    stop();
    expect(clock.timerCount()).toBe(0);
  });

  it('by others: doubts come at once, though wake-ups are some milliseconds apart', async () => {
    const { hear, stop, doubts } = await listening(async () => undefined);
    hear('withdrawal other');
    hear('withdrawal another');

    expect(doubts()).toBe(2);
    stop();
  });
});
