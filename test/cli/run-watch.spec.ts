import { describe, expect, it } from '@jest/globals';
import { runMinute } from '../../lib/cli/run-once.js';
import { RunWatch } from '../../lib/cli/run-watch.js';
import { coloursFor } from '../../lib/cli/terminal.js';
import { ManualClock } from '../../lib/testing/index.js';
import type { Assembly } from '../../lib/nest/index.js';
import type { EventListener } from '../../lib/observe/index.js';

const NOW = Date.parse('2026-03-01T00:00:10Z');

/** What a command sees of an application whose store can be taken away. */
function application() {
  const clock = new ManualClock(NOW);
  const listeners = new Map<string, EventListener[]>();
  const tell = (type: string, fact: object) => listeners.get(type)?.forEach((it) => it({ type, ...fact } as never));
  const assembly = {
    clock,
    minute: NOW - 10_000,
    options: { timezone: 'UTC' },
    events: { on: (type: string, it: EventListener) => void listeners.set(type, [...(listeners.get(type) ?? []), it]) },
    scheduler: { runThrough: async () => undefined },
  } as unknown as Assembly;
  const terminal = {
    out: () => undefined,
    err: () => undefined,
    isInteractive: false,
    columns: 80,
    colours: coloursFor(false),
  };
  return { clock, tell, assembly, watch: new RunWatch(assembly, { terminal, asJson: false }) };
}

const failed = { store: 'db', detail: 'It failed to answer.', error: new Error('no such table.') };

describe('schedule:run --once and a store that fails', () => {
  it('waits no longer than 30 s for it, and says so', async () => {
    const { clock, tell, assembly, watch } = application();
    tell('store.failed', failed);
    const ended = expect(runMinute(assembly, watch, new Set())).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/^Store "db" has not answered for 30 s: no such table\./),
    });
    await clock.advanceAsync(29_000);
    await clock.advanceAsync(1_001);
    await ended;
  });

  it('goes on when it is back', async () => {
    const { clock, tell, assembly, watch } = application();
    tell('store.failed', failed);
    const ended = runMinute(assembly, watch, new Set());
    await clock.advanceAsync(20_000);
    tell('store.recovered', { store: 'db' });
    await clock.advanceAsync(200);
    await expect(ended).resolves.toBeUndefined();
  });
});
