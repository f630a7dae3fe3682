import { join } from 'node:path';
import type { EngineName, Place } from '../../support/servers/index.js';

/** As under `stores` of `forRoot`. */
export const STORE_ON: Readonly<Record<EngineName, (place: Place) => object>> = {
  postgres: ({ url }) => ({ type: 'typeorm', options: { type: 'postgres', url } }),
  mariadb: ({ url }) => ({ type: 'typeorm', options: { type: 'mariadb', url } }),
  redis: ({ url, name }) => ({ type: 'redis', url, keyPrefix: name }),
};

export const ENGINES = Object.keys(STORE_ON) as EngineName[];

/** A file in this folder. */
export function storeIn(folder: string): object {
  return { type: 'typeorm', options: { type: 'better-sqlite3', database: join(folder, 'app.db') } };
}
