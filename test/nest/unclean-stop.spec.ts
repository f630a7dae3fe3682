import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { Interval } from '../../lib/index.js';
import { controlledStore } from '../engine/support/stores.js';
import { startApp } from './nest-app.js';

const steps: string[] = [];
let error: ReturnType<typeof jest.spyOn>;

@Injectable()
class Reports implements OnModuleDestroy, OnApplicationShutdown {
  @Interval('1m', { id: 'report', store: 'mine' }) send() {}
  onModuleDestroy(): void {
    steps.push('destroyed');
  }
  onApplicationShutdown(): void {
    steps.push('shut down');
  }
}

beforeEach(() => {
  steps.length = 0;
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('an application that closes while its store is away', () => {
  it('closes everything else, and says what the scheduler could not do', async () => {
    const mine = controlledStore({ alias: 'mine' });
    const { app, clock } = await startApp({ options: { stores: { mine: mine.store } }, providers: [Reports] });
    mine.failing = (method) => method === 'nodes.leave' && new Error('connection refused');

    await app.close();

    expect(steps).toEqual(['destroyed', 'shut down']);
    expect(mine.calls.at(-1)).toBe('jobs.close');
    expect(error).toHaveBeenCalledWith(
      'The scheduler did not stop in order',
      expect.stringMatching(/UncleanStopError.*leaving the store "mine": connection refused/s),
    );
    expect(clock.timerCount()).toBe(0);
  });
});
