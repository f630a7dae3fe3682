import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { SystemClock } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/core/index.js';
import { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import type { TypeOrmStoreOptions } from '../../../lib/stores/typeorm/index.js';

/** A folder for one file, and the stores on it; `clear` closes and deletes all. */
export class SqlitePlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'carillon-sqlite-'));
  readonly file = join(this.folder, 'app.db');
  private readonly stores: Store[] = [];
  private readonly dataSources: DataSource[] = [];
  private readonly handles: Database.Database[] = [];

  store(options: Partial<TypeOrmStoreOptions> = {}): Store {
    const store = createTypeOrmStore({
      alias: 'db',
      application: 'shop',
      clock: new SystemClock(),
      options: options.dataSource ? undefined : { type: 'better-sqlite3', database: this.file },
      ...options,
    });
    this.stores.push(store);
    return store;
  }

  async open(options: Partial<TypeOrmStoreOptions> = {}): Promise<Store> {
    const store = this.store(options);
    await store.jobs.open();
    return store;
  }

  /** A data source of the application's own on this file. */
  async application(options: object = {}): Promise<DataSource> {
    const dataSource = new DataSource({ type: 'better-sqlite3', database: this.file, ...options });
    this.dataSources.push(dataSource);
    return await dataSource.initialize();
  }

  /** Another connection, as another process has one. */
  handle(): Database.Database {
    const handle = new Database(this.file, { timeout: 0 });
    this.handles.push(handle);
    return handle;
  }

  async clear(): Promise<void> {
    for (const store of this.stores) await store.jobs.close();
    for (const it of this.dataSources) if (it.isInitialized) await it.destroy();
    for (const handle of this.handles) handle.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A driver whose connections call `fault` before each statement of a transaction, its begin and its commit too. */
export function faultyDriver(fault: (step: string) => void): unknown {
  return function FaultyDatabase(file: string, options: Database.Options): Database.Database {
    const handle = new Database(file, options);
    const prepare = handle.prepare.bind(handle);
    handle.prepare = ((sql: string) =>
      faultyStatement(prepare(sql), (step) => isStep(handle, sql) && fault(step))) as typeof handle.prepare;
    return handle;
  };
}

function isStep(handle: Database.Database, sql: string): boolean {
  return sql !== 'ROLLBACK' && (handle.inTransaction || sql.startsWith('BEGIN'));
}

function faultyStatement(statement: any, fault: (step: string) => void): any {
  for (const method of ['run', 'get', 'all', 'iterate']) {
    const original = statement[method].bind(statement);
    statement[method] = (...parameters: unknown[]) => {
      fault(statement.source);
      return original(...parameters);
    };
  }
  return statement;
}
