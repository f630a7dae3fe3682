import { describe, expect, it } from '@jest/globals';
import { DueQueue, NEVER } from '../../../lib/stores/memory/due-queue.js';
import type { Moment, Queued } from '../../../lib/stores/memory/due-queue.js';

class Item implements Queued<Item> {
  moment: Moment<Item> | null = null;
  previousDue: Item | null = null;
  nextDue: Item | null = null;

  constructor(readonly name: number) {}
}

const NOBODY: ReadonlySet<string> = new Set();

/** Numbers from 0 to below `end`, the same with each run of the test. */
function numbers(seed: number): (end: number) => number {
  let state = seed;
  return (end) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % end;
}

function taken(queue: DueQueue<Item>, except = NOBODY): [number, number][] {
  const found: [number, number][] = [];
  for (let lane = queue.earliest(except); lane !== null; lane = queue.earliest(except)) {
    const [at, item] = [lane.nextAt(), lane.first()];
    found.push([at, item.name]);
    lane.dequeue(item);
  }
  return found;
}

describe('what is due', () => {
  it('comes by its instant, and what is due together in the order it was queued', () => {
    const queue = new DueQueue<Item>();
    const lane = queue.laneOf('default');
    for (const [name, at] of [30, 10, 20, 10, 30].entries()) lane.queue(new Item(name), at);
    expect(taken(queue)).toEqual([
      [10, 1],
      [10, 3],
      [20, 2],
      [30, 0],
      [30, 4],
    ]);
    expect(lane.nextAt()).toBe(NEVER);
  });

  it('can be moved, taken out and moved to another executor', () => {
    const queue = new DueQueue<Item>();
    const [fast, slow] = [queue.laneOf('fast'), queue.laneOf('slow')];
    const [a, b, c] = [1, 2, 3].map((name) => new Item(name));
    for (const item of [a, b, c]) fast.queue(item, 10);
    fast.queue(b, NEVER);
    fast.queue(b, NEVER);
    slow.queue(c, 5);
    fast.queue(a, 20);
    expect(taken(queue, new Set(['fast']))).toEqual([[5, 3]]);
    expect(taken(queue)).toEqual([[20, 1]]);
  });

  it('is what a plain list would give, after twenty thousand moves between few and many instants', () => {
    const next = numbers(7);
    const queue = new DueQueue<Item>();
    const lane = queue.laneOf('default');
    const items = Array.from({ length: 500 }, (_, name) => new Item(name));
    const at = new Map<number, number>();
    for (let move = 0; move < 20_000; move++) {
      const item = items[next(items.length)];
      const instant = next(10) === 0 ? NEVER : next(move % 2_000 < 1_000 ? 5 : 100_000);
      lane.queue(item, instant);
      at.set(item.name, instant);
      if (move % 500 === 0) expect(lane.nextAt()).toBe(Math.min(...at.values()));
    }
    const expected = [...at].filter(([, instant]) => instant !== NEVER).sort(([, one], [, other]) => one - other);
    const found = taken(queue);
    expect(found.map(([instant]) => instant)).toEqual(expected.map(([, instant]) => instant));
    expect(new Map(found.map(([instant, name]) => [name, instant]))).toEqual(new Map(expected));
  });
});
