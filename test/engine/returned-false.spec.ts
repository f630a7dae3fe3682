import { describe, expect, it } from '@jest/globals';
import { at } from '../../lib/triggers/index.js';
import { job, settle, World } from './support/world.js';

const due = at('2026-03-01T00:00:01Z');

async function stateOf(handler: () => unknown, failsOnFalse: boolean) {
  const world = new World({}).handle('work', handler).start(job('work', due, { failsOnFalse }));
  world.clock.advance(1_000);
  await settle();
  const [run] = await world.runsOf('work');
  return [run.state, run.error?.code ?? null];
}

describe('a handler that answers false', () => {
  it.each<[string, () => unknown, boolean, [string, string | null]]>([
    ['has failed where failsOnFalse is set', () => false, true, ['failed', 'RETURNED_FALSE']],
    ['has failed with a promise of false, too', async () => false, true, ['failed', 'RETURNED_FALSE']],
    ['has succeeded elsewhere', () => false, false, ['succeeded', null]],
    ['nothing else that is falsy fails', () => 0, true, ['succeeded', null]],
  ])('%s', async (_name, handler, failsOnFalse, outcome) => {
    expect(await stateOf(handler, failsOnFalse)).toEqual(outcome);
  });
});
