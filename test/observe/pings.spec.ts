import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { SystemClock } from '../../lib/core/index.js';
import { Pings } from '../../lib/observe/index.js';
import { ManualClock } from '../../lib/testing/index.js';
import { observedContext, outcomeOf } from './run-context.js';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

let server: Server;
let calls: string[];
let answers: (number | 'hang')[];
let called: () => void;

beforeEach(async () => {
  calls = [];
  answers = [];
  called = () => undefined;
  server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const status = answers.shift() ?? 200;
    if (status !== 'hang') response.writeHead(status).end('ok');
    called();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const nextCall = () => new Promise<void>((resolve) => (called = resolve));
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('pings', () => {
  it('are called by GET around a run, which does not wait for them', async () => {
    const pings = new Pings(new SystemClock());
    const { job, logged } = observedContext();
    const hooks = pings.hooks({ before: url('/start'), onSuccess: [url('/ok'), url('/ok2')] });
    expect(hooks.before![0].call(job)).toBeUndefined();
    for (const hook of hooks.onSuccess!) hook.call(job, outcomeOf({}));
    await pings.close();
    expect(calls.sort()).toEqual(['GET /ok', 'GET /ok2', 'GET /start']);
    expect(logged).toEqual([]);
  });

  it('are tried again twice, and a failure names the host alone', async () => {
    const clock = new ManualClock('2026-01-01T00:00Z');
    const pings = new Pings(clock);
    const { job, logged } = observedContext();
    answers = [503, 500, 503];
    for (const wait of [0, 1_000, 5_000]) {
      const call = nextCall();
      if (wait === 0) pings.hooks({ after: url('/secret-token') }).after![0].call(job);
      while (calls.length === 0 && wait > 0) await turn();
      const before = calls.length;
      while (calls.length === before) {
        clock.advance(wait);
        await turn();
        if (wait === 0) await call;
      }
    }
    await pings.close();
    expect(calls).toHaveLength(3);
    expect(logged).toEqual([expect.stringMatching(/^The ping to 127\.0\.0\.1:\d+ failed: status 503$/)]);
    expect(logged[0]).not.toContain('secret-token');
  });

  it('that hang end at their time limit, and those that are waited for at the end of the node', async () => {
    const clock = new ManualClock('2026-01-01T00:00Z');
    const pings = new Pings(clock);
    const { job, logged } = observedContext();
    answers = ['hang'];
    const call = nextCall();
    pings.hooks({ before: url('/hang') }).before![0].call(job);
    await call;
    clock.advance(5_000);
    await pings.close();
    expect(calls).toEqual(['GET /hang']);
    expect(logged).toEqual([expect.stringMatching(/no answer within 5000 ms$/)]);
  });

  it('that hang do not hold the end of the node, though a test’s clock stands still', async () => {
    const pings = new Pings(new ManualClock('2026-01-01T00:00Z'), new SystemClock());
    const { job, logged } = observedContext();
    answers = ['hang'];
    const call = nextCall();
    pings.hooks({ before: url('/hang') }).before![0].call(job);
    await call;
    await pings.close();
    expect(logged).toEqual([expect.stringMatching(/no answer before the end of this node$/)]);
  });

  it('to nobody harm nothing', async () => {
    const pings = new Pings(new SystemClock());
    const { job, logged } = observedContext();
    const port = (server.address() as AddressInfo).port;
    server.close();
    await once(server, 'close');
    pings.hooks({ onFailure: `http://127.0.0.1:${port}/x` }).onFailure![0].call(job);
    await pings.close();
    expect(logged).toEqual([expect.stringMatching(/could not be reached$/)]);
  });
});
