import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import mysql2 from 'mysql2';
import { DataSource } from 'typeorm';
import { SystemClock } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/core/index.js';
import { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import type { TypeOrmStoreOptions } from '../../../lib/stores/typeorm/index.js';
import { testServer } from '../../support/servers/index.js';
import type { Place } from '../../support/servers/index.js';

export const server = await testServer('mariadb');

/** A database of its own, and the stores in it; `clear` closes and drops all. */
export class MySqlPlace {
  private readonly stores: Store[] = [];
  private readonly sources: DataSource[] = [];
  private place: Place | undefined;
  private client: Connection | undefined;

  get url(): string {
    return this.place!.url;
  }

  /** Of the database. */
  get name(): string {
    return this.place!.name;
  }

  get options() {
    return { type: 'mariadb', url: this.url } as const;
  }

  async make(): Promise<void> {
    this.place = await server.makePlace();
  }

  store(options: Partial<TypeOrmStoreOptions> = {}): Store {
    const store = createTypeOrmStore({
      alias: 'db',
      application: 'shop',
      clock: new SystemClock(),
      options: options.dataSource ? undefined : this.options,
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

  /** A data source of the application's, ended with the place. */
  async application(options: object = {}): Promise<DataSource> {
    const dataSource = new DataSource({ ...this.options, ...options });
    this.sources.push(await dataSource.initialize());
    return dataSource;
  }

  /** Ends every connection of the database but the test's own; answers how many. */
  async kill(which = 'TRUE'): Promise<number> {
    const own = 'db = DATABASE() AND id <> CONNECTION_ID()';
    const found = await this.ask(`SELECT id FROM information_schema.processlist WHERE ${own} AND ${which}`);
    for (const { id } of found) await this.ask(`KILL CONNECTION ${id}`);
    return found.length;
  }

  /** Asks over another connection. */
  async ask(text: string, values: unknown[] = []): Promise<any> {
    this.client ??= await this.connect();
    return (await this.client.query(text, values))[0];
  }

  async clear(): Promise<void> {
    for (const store of this.stores.splice(0)) await store.jobs.close();
    for (const source of this.sources.splice(0)) if (source.isInitialized) await source.destroy();
    this.client?.destroy();
    this.client = undefined;
    await this.place?.drop();
    this.place = undefined;
  }

  private async connect(): Promise<Connection> {
    const client = await createConnection({ uri: this.url });
    client.on('error', () => undefined);
    return client;
  }
}

/** What a connection is about to send. */
export interface Packet {
  readonly text: string;
  readonly connection: mysql2.PoolConnection;
  /** Sends it; `instead` is told the server's answer in place of the store. */
  send(instead?: (error: unknown) => void): void;
  /** Answers it with an error, or with rows in place of the server, unsent. */
  fail(error: unknown, rows?: unknown): void;
}

/** A driver whose connections ask before each packet: true means that the test takes care of it. */
export function driverWith(takes: (packet: Packet) => unknown): object {
  const createPool = (options: mysql2.PoolOptions): mysql2.Pool => {
    const pool = mysql2.createPool(options);
    pool.on('connection', (connection) => {
      const query = connection.query.bind(connection) as (...parameters: any[]) => any;
      connection.query = ((asked: any, answer: (...answers: any[]) => void) => {
        const text: string = asked?.sql ?? asked;
        const send = (instead?: (error: unknown) => void): void => query(asked, instead ?? answer);
        const packet = { text, connection, send, fail: answer } as Packet;
        if (takes(packet) !== true) send();
      }) as typeof connection.query;
    });
    return pool;
  };
  return { ...mysql2, createPool };
}

/** A driver whose connections call `fault` before each packet of a transaction, with its begin and its commit too. */
export function faultyDriver(fault: (packet: string) => void): object {
  const inTransaction = new WeakSet<object>();
  return driverWith(({ text, connection }) => {
    if (text.includes('START TRANSACTION')) inTransaction.add(connection);
    if (inTransaction.has(connection) && !text.startsWith('ROLLBACK')) fault(text);
    if (/COMMIT|ROLLBACK/.test(text)) inTransaction.delete(connection);
  });
}

/** An error as the driver gives it. */
export function mysqlError(errno: number, message = `error ${errno} of the server`): Error {
  return Object.assign(new Error(message), { errno, code: `ER_${errno}`, sqlState: 'HY000' });
}
