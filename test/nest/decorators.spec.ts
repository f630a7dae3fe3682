import { describe, expect, it } from '@jest/globals';
import {
  listenerNotes,
  scheduleNotes,
  taskNotes,
  At,
  Cron,
  Interval,
  OnSchedulerEvent,
  Scheduled,
  Task,
  Timeout,
} from '../../lib/nest/decorators/index.js';
import { at } from '../../lib/triggers/index.js';

class Base {
  @Cron('0 1 * * *') inherited() {}
  @Cron('0 2 * * *') replaced() {}
  @Cron('0 3 * * *') decoratedAnew() {}
}

class Derived extends Base {
  override replaced() {}
  @Interval('1m') override decoratedAnew() {}
  @Cron('0 4 * * *')
  @Interval('5m', { id: 'often' })
  @At('2026-12-25')
  several() {}
}

const given = (prototype: object, method: string) =>
  (scheduleNotes.of(prototype).get(method) ?? []).map((note) => [note.decorator, ...note.given]);

describe('decorators', () => {
  it('U11: keeps every decorator of a method, from the top down', () => {
    expect(given(Derived.prototype, 'several')).toEqual([
      ['Cron', '0 4 * * *', {}],
      ['Interval', '5m', { id: 'often' }],
      ['At', '2026-12-25', {}],
    ]);
  });

  it('reads inherited methods, and for a replaced one only its own decorators', () => {
    expect(given(Derived.prototype, 'inherited')).toEqual([['Cron', '0 1 * * *', {}]]);
    expect(given(Derived.prototype, 'replaced')).toEqual([]);
    expect(given(Derived.prototype, 'decoratedAnew')).toEqual([['Interval', '1m', {}]]);
    expect(given(Base.prototype, 'decoratedAnew')).toEqual([['Cron', '0 3 * * *', {}]]);
  });

  it('keeps its notes when another decorator wraps the method', () => {
    const wrapped: MethodDecorator = (_target, _key, descriptor) => ({
      ...descriptor,
      value: function () {} as never,
    });
    class Host {
      @wrapped
      @Cron('0 5 * * *')
      run() {}
    }
    expect(given(Host.prototype, 'run')).toHaveLength(1);
  });

  const trigger = at('2026-12-25');
  const whole = () => trigger;
  const date = new Date(0);
  it.each<[string, MethodDecorator, unknown[]]>([
    ['@At()', At(), [undefined, {}]],
    ['@At(options)', At({ id: 'once' }), [undefined, { id: 'once' }]],
    ['@At(instant)', At('2026-12-25'), ['2026-12-25', {}]],
    ['@At(date)', At(date), [date, {}]],
    ['@At(function)', At(() => 5), [expect.any(Function), {}]],
    ['@At(instant, options)', At(5, { id: 'once' }), [5, { id: 'once' }]],
    ['@Timeout(delay)', Timeout(500), [500, {}]],
    ['@Scheduled(trigger)', Scheduled(trigger), [trigger, {}]],
    ['@Scheduled(function, options)', Scheduled(whole, { id: 'x' }), [whole, { id: 'x' }]],
    ['@Cron(fields)', Cron({ hour: 9 }), [{ hour: 9 }, {}]],
  ])('%s is kept as it was given', (_name, decorator, expected) => {
    class Host {
      run() {}
    }
    decorator(Host.prototype, 'run', Object.getOwnPropertyDescriptor(Host.prototype, 'run')!);
    expect(scheduleNotes.of(Host.prototype).get('run')?.[0]?.given).toEqual(expected);
  });

  it('marks tasks and listeners', () => {
    class Host {
      @Task() work() {}
      @OnSchedulerEvent('*')
      @OnSchedulerEvent(['run.failed', 'run.lost'])
      hear() {}
    }
    expect([...taskNotes.of(Host.prototype).keys()]).toEqual(['work']);
    expect(listenerNotes.of(Host.prototype).get('hear')).toEqual(['*', ['run.failed', 'run.lost']]);
  });

  it.each<[string, () => unknown]>([
    [
      'a property',
      () => {
        class Host {
          @(Cron('* * * * *') as PropertyDecorator) run = () => {};
        }
        return Host;
      },
    ],
    [
      'a static method',
      () => {
        class Host {
          @Cron('* * * * *') static run() {}
        }
        return Host;
      },
    ],
    [
      'an accessor',
      () => {
        class Host {
          @Cron('* * * * *') get run() {
            return 1;
          }
        }
        return Host;
      },
    ],
    [
      'a method named by a symbol',
      () => {
        const run = Symbol('run');
        class Host {
          @Cron('* * * * *') [run]() {}
        }
        return Host;
      },
    ],
    [
      'a class',
      () => {
        @(Cron('* * * * *') as unknown as ClassDecorator)
        class Host {}
        return Host;
      },
    ],
  ])('refuses %s, naming the place', (_name, define) => {
    expect(define).toThrow(expect.objectContaining({ code: 'MISPLACED_DECORATOR' }));
    expect(define).toThrow(/@Cron on Host.*ordinary method/);
  });
});
