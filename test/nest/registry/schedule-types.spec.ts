import { describe, expect, it } from '@jest/globals';
import type { JobContext } from '../../../lib/core/index.js';
import type { ArgumentsOf, MethodName, SchedulerRegistry } from '../../../lib/nest/registry/index.js';
import { every } from '../../../lib/triggers/index.js';

interface Reminder {
  userId: string;
  urgent?: boolean;
  tags: { name: string }[];
}

class Point {
  x = 1;
  move() {}
}

class Service {
  readonly name = 'service';
  plain() {}
  context(_job: JobContext) {}
  optionalContext(_job?: JobContext) {}
  text(_userId: string, _job: JobContext) {}
  optional(_userId: string, _count?: number, _job?: JobContext) {}
  defaulted(_userId: string, _count = 1, _job?: JobContext) {}
  rest(..._ids: number[]) {}
  object(_reminder: Reminder, _job: JobContext) {}
  date(_when: Date) {}
  big(_count: bigint) {}
  instance(_point: Point) {}
  anything(_value: any, _job: JobContext) {}
  async later(_id: string): Promise<void> {}
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Checked by the compiler alone: never called. */
async function typed(scheduler: SchedulerRegistry) {
  const trigger = every('5m');
  await scheduler.schedule(Service, 'plain', { trigger });
  await scheduler.schedule(Service, 'plain', { trigger, args: [] });
  await scheduler.schedule(Service, 'context', { trigger });
  await scheduler.schedule(Service, 'optionalContext', { trigger });
  await scheduler.schedule(Service, 'text', { trigger, args: ['7'], id: 'x', maxInstances: 2, manager: {} });
  await scheduler.schedule(Service, 'optional', { trigger, args: ['7', 3] });
  await scheduler.schedule(Service, 'defaulted', { trigger, args: ['7', 3] });
  await scheduler.schedule(Service, 'rest', { trigger });
  await scheduler.schedule(Service, 'rest', { trigger, args: [1, 2, 3] });
  await scheduler.schedule(Service, 'object', { trigger, args: [{ userId: '7', tags: [{ name: 'a' }] }] });
  await scheduler.schedule(Service, 'anything', { trigger, args: [{ a: 1 }] });
  await scheduler.schedule(Service, 'later', { trigger, args: ['7'] });

  // @ts-expect-error no trigger
  await scheduler.schedule(Service, 'plain', {});
  // @ts-expect-error no such method
  await scheduler.schedule(Service, 'pain', { trigger });
  // @ts-expect-error not a method
  await scheduler.schedule(Service, 'name', { trigger });
  // @ts-expect-error args are missing
  await scheduler.schedule(Service, 'text', { trigger });
  // @ts-expect-error wrong type
  await scheduler.schedule(Service, 'text', { trigger, args: [7] });
  // @ts-expect-error too many
  await scheduler.schedule(Service, 'text', { trigger, args: ['7', 8] });
  // @ts-expect-error the context is not an argument
  await scheduler.schedule(Service, 'context', { trigger, args: [{} as JobContext] });
  // @ts-expect-error optional ones before the context must be given
  await scheduler.schedule(Service, 'optional', { trigger, args: ['7'] });
  // @ts-expect-error parameters with a default, too
  await scheduler.schedule(Service, 'defaulted', { trigger, args: ['7'] });
  // @ts-expect-error a field is missing
  await scheduler.schedule(Service, 'object', { trigger, args: [{ userId: '7' }] });
  // @ts-expect-error a Date is not JSON
  await scheduler.schedule(Service, 'date', { trigger, args: [new Date(0)] });
  // @ts-expect-error nor is a bigint
  await scheduler.schedule(Service, 'big', { trigger, args: [1n] });
  // @ts-expect-error nor is an instance with methods
  await scheduler.schedule(Service, 'instance', { trigger, args: [new Point()] });
  // @ts-expect-error unknown option
  await scheduler.schedule(Service, 'plain', { trigger, maxinstances: 2 });
}

describe('the types of schedule', () => {
  it('leave out a trailing context, optional or not, and make the rest required', () => {
    const same: true[] = [
      true satisfies Same<ArgumentsOf<Service['plain']>, []>,
      true satisfies Same<ArgumentsOf<Service['context']>, []>,
      true satisfies Same<ArgumentsOf<Service['optionalContext']>, []>,
      true satisfies Same<ArgumentsOf<Service['text']>, [_userId: string]>,
      true satisfies Same<ArgumentsOf<Service['optional']>, [_userId: string, _count: number]>,
      true satisfies Same<ArgumentsOf<Service['rest']>, number[]>,
      true satisfies Same<ArgumentsOf<Service['anything']>, [_value: any]>,
      true satisfies Same<Extract<MethodName<Service>, 'name'>, never>,
    ];
    expect(same.every(Boolean)).toBe(true);
  });

  it('are checked by the compiler (npm run typecheck)', () => {
    expect(typed).toBeInstanceOf(Function);
  });
});
