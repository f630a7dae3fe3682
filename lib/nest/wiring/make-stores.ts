import { loadOptional } from '../../core/index.js';
import { createMemoryStore } from '../../stores/memory/index.js';
import { millis } from '../options/index.js';
import { LateStore } from './late-store.js';
import { makeRedisStore } from './make-redis-store.js';
import { StoreUnavailableError } from './module-errors.js';
import { ObservedStore } from './observed-store.js';
import type { ModuleRef } from '@nestjs/core';
import type { Clock, OptionalPackage, Store } from '../../core/index.js';
import type { TypeOrmStoreOptions as TypeOrmParts } from '../../stores/typeorm/index.js';
import type { ResolvedModuleOptions, TypeOrmStoreOptions } from '../options/index.js';

type Place = Pick<TypeOrmParts, 'dataSource'> | Pick<TypeOrmParts, 'options'>;

export interface StoreSurroundings {
  readonly options: ResolvedModuleOptions;
  readonly clock: Clock;
  readonly moduleRef: ModuleRef;
  /** Every store is one of this process. */
  readonly inMemory?: boolean;
  /** The process only looks: no store makes or upgrades its tables. */
  readonly observes?: boolean;
}

/** The stores of the configuration, by alias. */
export function makeStores(surroundings: StoreSurroundings): Map<string, Store> {
  const { options, clock, inMemory = false } = surroundings;
  const made = Object.entries(options.stores).map(([alias, store]): [string, Store] => {
    const isOwn = 'type' in store;
    if (inMemory || (isOwn && store.type === 'memory')) {
      return [alias, createMemoryStore({ alias, history: options.history.given })];
    }
    if (!isOwn) return [alias, store];
    if (store.type === 'redis') {
      return [
        alias,
        new LateStore(alias, () => makeRedisStore(store, { alias, application: options.application, clock })),
      ];
    }
    return [alias, new LateStore(alias, () => makeTypeOrmStore(alias, store, surroundings))];
  });
  return new Map(made);
}

async function makeTypeOrmStore(
  alias: string,
  { dataSource, options, tablePrefix, schema, listen, runMigrations, busyTimeout }: TypeOrmStoreOptions,
  { options: module, clock, moduleRef, observes = false }: StoreSurroundings,
): Promise<Store> {
  // Loaded here, for TypeORM is an optional package that memory-only applications do not have.
  const { createTypeOrmStore } = await loadOptional(
    wanted(alias, 'typeorm'),
    () => import('../../stores/typeorm/index.js'),
  );
  const place =
    options === undefined ? { dataSource: await findDataSource(alias, dataSource, moduleRef) } : { options };
  const { application } = module;
  const more = {
    tablePrefix,
    schema,
    listen,
    runMigrations,
    observes,
    busyTimeout: busyTimeout === undefined ? undefined : millis(busyTimeout),
  };
  // Both places are TypeORM's own, which this room does not know: the store checks them.
  const store = createTypeOrmStore({ alias, application, clock, ...more, ...(place as Place) });
  return observes ? new ObservedStore(store, createMemoryStore({ alias, application, clock })) : store;
}

async function findDataSource(alias: string, name: string | undefined, moduleRef: ModuleRef): Promise<object> {
  const { getDataSourceToken } = await loadOptional(wanted(alias, '@nestjs/typeorm'), () => import('@nestjs/typeorm'));
  try {
    return moduleRef.get<object>(getDataSourceToken(name), { strict: false });
  } catch (cause) {
    const wanted = name === undefined ? "the application's default DataSource" : `DataSource "${name}"`;
    throw new StoreUnavailableError(
      alias,
      `${wanted} is not there. Import TypeOrmModule.forRoot(…), or give the store a data source of its own: ` +
        `{ type: 'typeorm', options: { type: 'better-sqlite3', database: 'jobs.db' } }.`,
      { cause },
    );
  }
}

function wanted(alias: string, name: string): OptionalPackage {
  return { name, feature: `The store "${alias}" (type: typeorm)`, install: `npm install ${name}` };
}
