import { describe, expect, it } from '@jest/globals';
import { every } from '../../lib/triggers/index.js';
import { sharedViews } from './support/stores.js';
import { job, World } from './support/world.js';

const MINUTE = 60_000;
const ON = job('work', every({ minutes: 1 }));
const OFF = { ...ON, enabled: false };

/** Nodes of one application on one store, each started by its own code. */
function cluster(...versions: readonly string[]) {
  const { clock } = new World();
  const nodes = sharedViews(versions.length).map(({ store }, index) =>
    new World({ stores: [store], clock, appVersion: versions[index], node: `node-${index + 1}` }).handle('work'),
  );
  const count = (): number => nodes.reduce((sum, { calls }) => sum + calls.length, 0);
  const stop = async ({ scheduler }: World): Promise<void> => {
    const stopped = scheduler.stop();
    await clock.advanceAsync(100);
    await stopped;
  };
  return { clock, nodes, count, stop };
}

const statusOf = async (world: World) => (await world.scheduler.get('work'))?.job.status;

describe('a job that a deploy switches off with enabled: false', () => {
  it.each([
    ['of a newer version', '2.0.0'],
    ['of the same version, which starts last', '1.0.0'],
  ])('%s runs on no node, also while others still have it on', async (_which, version) => {
    const { clock, nodes, count } = cluster('1.0.0', version);
    await nodes[0].startAsync(ON);
    await clock.advanceAsync(10 * MINUTE);
    expect(count()).toBe(10);
    await nodes[1].startAsync(OFF);
    await clock.advanceAsync(60 * MINUTE);
    expect(count()).toBe(10);
    expect(nodes[1].typesOf('job.orphaned')).toMatchObject([
      { detail: 'not enabled in the code of version ' + version },
    ]);
  });

  it('does not run what a node that has it on had claimed ahead', async () => {
    const { clock, nodes, count } = cluster('1.0.0', '2.0.0');
    await nodes[0].startAsync(ON);
    await clock.advanceAsync(MINUTE - 500);
    expect(nodes[0].typesOf('run.claimed')).toHaveLength(1);
    await nodes[1].startAsync(OFF);
    await clock.advanceAsync(MINUTE);
    expect(count()).toBe(0);
  });

  it('stays on where an older version switches it off', async () => {
    const { clock, nodes, count, stop } = cluster('2.0.0', '1.0.0', '2.0.0');
    await nodes[0].startAsync(ON);
    await stop(nodes[0]);
    await nodes[1].startAsync(OFF);
    expect(await statusOf(nodes[1])).toBe('active');
    await stop(nodes[1]);
    await nodes[2].startAsync(ON);
    await clock.advanceAsync(10 * MINUTE);
    expect(count()).toBeGreaterThanOrEqual(9);
  });

  it('is on again when a later start of that version has it on', async () => {
    const { clock, nodes, count } = cluster('1.0.0', '1.0.0', '1.0.0');
    await nodes[0].startAsync(ON);
    await nodes[1].startAsync(OFF);
    await nodes[2].startAsync(ON);
    await clock.advanceAsync(30 * MINUTE);
    expect(count()).toBe(30);
    expect(nodes[2].typesOf('job.changed')).toHaveLength(1);
  });

  it('is not switched on by the restart of an older version', async () => {
    const { clock, nodes, count } = cluster('1.0.0', '2.0.0', '1.0.0');
    await nodes[0].startAsync(ON);
    await nodes[1].startAsync(OFF);
    await nodes[2].startAsync(ON);
    await clock.advanceAsync(30 * MINUTE);
    expect(count()).toBe(0);
  });

  it('is on again when all that switched it off are gone: a deploy that was taken back', async () => {
    const { clock, nodes, count, stop } = cluster('1.0.0', '2.0.0');
    await nodes[0].startAsync(ON);
    await nodes[1].startAsync(OFF);
    await clock.advanceAsync(30 * MINUTE);
    await stop(nodes[1]);
    await clock.advanceAsync(30 * MINUTE);
    expect(count()).toBeGreaterThan(20);
  });

  it('stays on for the others where only its environments leave this one out', async () => {
    const { clock, nodes, count } = cluster('1.0.0', '2.0.0');
    await nodes[0].startAsync(ON);
    await nodes[1].startAsync({ ...OFF, isOffByEnvironment: true });
    await clock.advanceAsync(10 * MINUTE);
    expect(count()).toBe(10);
  });
});
