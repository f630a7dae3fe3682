import { describe, expect, it, jest } from '@jest/globals';
import { EVENT_TYPES } from '../../lib/core/index.js';
import type { EventType, SchedulerFact } from '../../lib/core/index.js';
import { EventBus } from '../../lib/observe/index.js';

const fact = (type: EventType): SchedulerFact => ({
  type,
  at: 0,
  node: 'n',
  store: null,
  job: null,
  run: null,
  detail: null,
  error: null,
  data: null,
});

const busWithReport = () => {
  const report = jest.fn();
  return { bus: new EventBus(report), report };
};

describe('EventBus', () => {
  it('wants a type only while somebody listens to it', () => {
    const { bus } = busWithReport();
    expect(EVENT_TYPES.filter((type) => bus.wants(type))).toEqual([]);

    const stop = bus.on('run.failed', () => undefined);
    const stopOther = bus.on('run.failed', () => undefined);
    expect(EVENT_TYPES.filter((type) => bus.wants(type))).toEqual(['run.failed']);
    stop();
    expect(bus.wants('run.failed')).toBe(true);
    stopOther();

    expect(bus.wants('run.failed')).toBe(false);
  });

  it('hands a fact to the listeners of its type, in the order they came, before emit returns', () => {
    const { bus } = busWithReport();
    const seen: string[] = [];
    bus.on('run.failed', (it) => seen.push(`first ${it.type}`));
    bus.on('*', (it) => seen.push(`all ${it.type}`));
    bus.on('run.failed', (it) => seen.push(`third ${it.type}`));

    bus.emit(fact('run.failed'));
    bus.emit(fact('job.added'));

    expect(seen).toEqual(['first run.failed', 'all run.failed', 'third run.failed', 'all job.added']);
  });

  it('calls a listener as often as it was given, and forgets one at a time', () => {
    const { bus } = busWithReport();
    const listener = jest.fn();
    const stop = bus.on('run.failed', listener);
    bus.on('run.failed', listener);

    stop();
    stop();
    bus.emit(fact('run.failed'));

    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('lets a listener end itself or add another while a fact is told', () => {
    const { bus } = busWithReport();
    const seen: string[] = [];
    const stop = bus.on('run.failed', () => {
      seen.push('once');
      stop();
      bus.on('run.failed', () => seen.push('added'));
    });
    bus.on('run.failed', () => seen.push('after'));

    bus.emit(fact('run.failed'));
    expect(seen).toEqual(['once', 'after']);
    bus.emit(fact('run.failed'));

    expect(seen).toEqual(['once', 'after', 'after', 'added']);
  });

  it('reports a listener that throws and goes on with the next (U6)', () => {
    const { bus, report } = busWithReport();
    const error = new Error('broken');
    const next = jest.fn();
    bus.on('run.failed', () => {
      throw error;
    });
    bus.on('run.failed', next);
    const told = fact('run.failed');

    bus.emit(told);

    expect(report.mock.calls).toEqual([[error, told]]);
    expect(next).toHaveBeenCalledTimes(1);
  });

  it('reports a listener whose promise rejects (U6)', async () => {
    const { bus, report } = busWithReport();
    const error = new Error('broken');
    bus.on('run.failed', () => Promise.reject(error));

    bus.emit(fact('run.failed'));
    await Promise.resolve();

    expect(report).toHaveBeenCalledWith(error, expect.objectContaining({ type: 'run.failed' }));
  });

  it('survives a reporter that throws', () => {
    const bus = new EventBus(() => {
      throw new Error('nobody left');
    });
    bus.on('run.failed', () => {
      throw new Error('broken');
    });

    expect(() => bus.emit(fact('run.failed'))).not.toThrow();
  });

  it('refuses to listen to an event that there is not', () => {
    const { bus } = busWithReport();

    expect(() => bus.on('run.finished' as EventType, () => undefined)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_EVENT', message: expect.stringContaining('run.succeeded') }),
    );
  });
});
