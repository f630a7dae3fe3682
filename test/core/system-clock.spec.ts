import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SystemClock } from '../../lib/core/index.js';
import type { Timer } from '../../lib/core/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const A_MINUTE = 60_000;

describe('a timer of the system clock', () => {
  const clock = new SystemClock();

  function armed(): { timer: Timer; answer: WeakRef<object> } {
    const answer = { text: 'long' };
    return { timer: clock.after(A_MINUTE, () => void answer.text), answer: new WeakRef(answer) };
  }

  async function isKept(answer: WeakRef<object>): Promise<boolean> {
    await turn();
    collectGarbage();
    return answer.deref() !== undefined;
  }

  it('keeps what its callback needs, until it is cancelled, though somebody holds the timer still', async () => {
    const { timer, answer } = armed();
    const timers = new Set([timer]);
    expect(await isKept(answer)).toBe(true);
    timer.cancel();
    expect(await isKept(answer)).toBe(false);
    expect(timers.has(timer)).toBe(true);
  });

  it('may be cancelled twice', () => {
    const { timer } = armed();
    timer.cancel();
    expect(() => timer.cancel()).not.toThrow();
  });
});
