import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import type { Claim, Store } from '../../../lib/core/index.js';
import { SCRIPTS } from '../../../lib/stores/redis/scripts/index.js';
import type { ScriptName } from '../../../lib/stores/redis/scripts/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { claim, LEASE, newJob, NOW, put } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const LATER = NOW + LEASE;
const ENDED = { now: LATER, recoverBefore: LATER, leaseUntil: LATER + LEASE };

describeOnServer(server, 'a claim on Redis that takes runs over, which it reads in several steps', () => {
  let place: RedisPlace;
  let one: Store;
  let other: Store;
  let held: readonly Claim[];
  let client: Redis;
  /** What happens right before a script of the other node. */
  let meanwhile: { before: ScriptName; act: () => Promise<unknown> } | null;

  beforeEach(async () => {
    meanwhile = null;
    place = await RedisPlace.on(server.url!);
    one = await place.openStore();
    client = clientThatWaits(place.url, async (script) => {
      const now = meanwhile?.before === script ? meanwhile : null;
      if (now === null) return;
      meanwhile = null;
      await now.act();
    });
    other = await place.openStore({ client });
    await put(one, [newJob('a'), newJob('b')]);
    held = (await claim(one, { node: 'dead' })).claims;
  });
  afterEach(async () => {
    await place.clear();
    client.disconnect();
  });

  it.each<ScriptName>(['readJobs', 'readRuns', 'commit'])(
    'leaves alone what another took over right before its script %s (U1)',
    async (before) => {
      let taken: readonly Claim[] = [];
      meanwhile = { before, act: async () => (taken = (await claim(one, { node: 'n1', ...ENDED })).claims) };
      const { claims } = await claim(other, { node: 'n2', ...ENDED });

      expect(taken.map((it) => [it.jobId, it.token])).toEqual(held.map((it) => [it.jobId, it.token + 1]));
      expect(claims).toEqual([]);
      const renewals = await one.jobs.renew(taken, LATER + 2 * LEASE);
      expect(renewals.map((it) => it.held)).toEqual([true, true]);
    },
  );

  it.each<ScriptName>(['readJobs', 'readRuns', 'commit'])(
    'leaves alone what its owner renewed right before its script %s (P7)',
    async (before) => {
      meanwhile = { before, act: async () => await one.jobs.renew(held, LATER + LEASE) };
      const { claims, nextDueAt } = await claim(other, { node: 'n2', ...ENDED });

      expect(claims).toEqual([]);
      // It may have been one of many: the others are for the next claim, at once.
      expect(nextDueAt).toBeLessThanOrEqual(LATER);
      expect((await claim(other, { node: 'n2', ...ENDED })).claims).toEqual([]);
      expect((await one.jobs.renew(held, LATER + 2 * LEASE)).map((it) => it.held)).toEqual([true, true]);
    },
  );
});

/** Waits for `before` ahead of each script of the store. */
function clientThatWaits(url: string, before: (script: ScriptName) => Promise<void>): Redis {
  const names = new Map(Object.entries(SCRIPTS).map(([name, text]) => [sha1(text), name as ScriptName]));
  const made = new Redis(url, { lazyConnect: true });
  const send = made.evalsha.bind(made) as (...args: unknown[]) => Promise<unknown>;
  const evalsha = async (sha: string, ...args: unknown[]): Promise<unknown> => {
    await before(names.get(sha)!);
    return await send(sha, ...args);
  };
  return Object.assign(made, { evalsha });
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
