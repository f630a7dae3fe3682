import { SCHEDULER_OPTIONS } from '../tokens.js';
import { asyncOptionFaults } from '../options/async-table.js';
import { refuse } from '../options/index.js';
import { InvalidAsyncOptionsError } from './module-errors.js';
import type { Provider } from '@nestjs/common';
import type { SchedulerModuleAsyncOptions, SchedulerOptionsFactory } from '../options/index.js';

const WAYS = ['useFactory', 'useClass', 'useExisting'] as const;

/**
 * Providers of `SCHEDULER_OPTIONS` for `forRootAsync`.
 *
 * @throws {InvalidOptionsError} for what is unknown, with the nearest known name
 * @throws {InvalidAsyncOptionsError}
 */
export function asyncOptionProviders(async: SchedulerModuleAsyncOptions): Provider[] {
  refuse(asyncOptionFaults(async));
  const given = WAYS.filter((way) => async[way] !== undefined);
  if (given.length !== 1) throw new InvalidAsyncOptionsError(given);
  return [...(async.extraProviders ?? []), ...ways(async)];
}

function ways({ useFactory, inject, useClass, useExisting }: SchedulerModuleAsyncOptions): Provider[] {
  if (useFactory !== undefined) return [{ provide: SCHEDULER_OPTIONS, useFactory, inject: inject ?? [] }];
  const factory = useClass ?? useExisting;
  const options: Provider = {
    provide: SCHEDULER_OPTIONS,
    useFactory: (it: SchedulerOptionsFactory) => it.createSchedulerOptions(),
    inject: [factory as never],
  };
  return useClass === undefined ? [options] : [useClass, options];
}
