export { createTypeOrmStore } from './create-typeorm-store.js';
export { carillonEntities } from './entities.js';
export type { CarillonEntities } from './entities.js';
export * from './errors.js';
export { carillonMigrations } from './migrations/index.js';
export type { CarillonMigration } from './migrations/index.js';
export { DEFAULT_TABLE_PREFIX } from './typeorm-store-options.js';
export type { TypeOrmStoreOptions } from './typeorm-store-options.js';
