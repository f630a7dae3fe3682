import pg from 'pg';
import { DataSource } from 'typeorm';
import { SystemClock } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/core/index.js';
import { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import type { TypeOrmStoreOptions } from '../../../lib/stores/typeorm/index.js';
import { testServer } from '../../support/servers/index.js';
import type { Place } from '../../support/servers/index.js';

export const server = await testServer('postgres');

let schemas = 0;

/** A database for one spec; `clear` drops it. */
export class PostgresDatabase {
  private place: Place | undefined;

  get url(): string {
    return this.place!.url;
  }

  /** As `pg_stat_activity` knows it. */
  get name(): string {
    return this.place!.name;
  }

  async make(): Promise<void> {
    this.place = await server.makePlace();
  }

  async clear(): Promise<void> {
    await this.place?.drop();
  }
}

/** A schema of its own in a database, and the stores in it; `clear` closes and drops all. */
export class PostgresPlace {
  readonly schema = `case_${++schemas}`;
  private readonly stores: Store[] = [];
  private readonly dataSources: DataSource[] = [];
  private client: pg.Client | undefined;

  /** `through`: the way that stores and applications take, past which a test looks; default: straight to the server. */
  constructor(
    private readonly database: PostgresDatabase,
    private readonly through: (url: string) => string = (url) => url,
  ) {}

  get options() {
    return { type: 'postgres', url: this.through(this.database.url) } as const;
  }

  store(options: Partial<TypeOrmStoreOptions> = {}): Store {
    const store = createTypeOrmStore({
      alias: 'db',
      application: 'shop',
      clock: new SystemClock(),
      options: options.dataSource ? undefined : this.options,
      schema: this.schema,
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

  /** A data source of the application's own on this database. */
  async application(options: object = {}): Promise<DataSource> {
    const dataSource = new DataSource({ ...this.options, schema: this.schema, ...options });
    this.dataSources.push(dataSource);
    return await dataSource.initialize();
  }

  /** Ends, from the server's side, the store's connections for which the condition holds. */
  async terminate(condition = 'true'): Promise<number> {
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'nest-carillon' AND ${condition}`;
    return (await this.ask(sql)).length;
  }

  /** Asks over another connection, which sees the tables of this place. */
  async ask(text: string, values: unknown[] = []): Promise<any[]> {
    this.client ??= await this.connect();
    return (await this.client.query(text, values)).rows;
  }

  async clear(): Promise<void> {
    for (const store of this.stores) await store.jobs.close();
    for (const it of this.dataSources) if (it.isInitialized) await it.destroy();
    await this.ask(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`);
    await this.client?.end();
    this.client = undefined;
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.database.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`SET search_path = ${this.schema}`);
    return client;
  }
}

/** What a driver of a test does instead of sending a statement; undefined: it is sent. */
export type Instead = (text: string, client: pg.Client, send: () => any) => any;

/** A driver whose connections ask `instead` before each statement. */
export function driverWith(instead: Instead): object {
  class TestClient extends pg.Client {
    override query(...parameters: any[]): any {
      const text: string = parameters[0]?.text ?? parameters[0];
      const send = (): any => (super.query as any)(...parameters);
      return instead(text, this, send) ?? send();
    }
  }
  class TestPool extends pg.Pool {
    constructor(options: pg.PoolConfig) {
      super({ ...options, Client: TestClient });
    }
  }
  return Object.create(pg, { Pool: { value: TestPool }, Client: { value: TestClient } });
}

/** A driver whose connections call `fault` before each statement of a transaction, its begin and its commit too. */
export function faultyDriver(fault: (step: string) => void): object {
  const inTransaction = new WeakSet<pg.Client>();
  return driverWith((text, client) => {
    if (text.startsWith('BEGIN')) inTransaction.add(client);
    if (inTransaction.has(client) && text !== 'ROLLBACK') fault(text);
    if (text === 'COMMIT' || text === 'ROLLBACK') inTransaction.delete(client);
  });
}

/** An error as the server sends it. */
export function sqlError(code: string, message = `error ${code} of the server`): Error {
  return Object.assign(new Error(message), { code });
}

/** Lets the server itself fail instead, so that what follows finds the transaction as it is after such a failure. */
export function raise(client: pg.Client, code: string): Promise<never> {
  const text = `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}', MESSAGE = 'raised by a test'; END $$`;
  const query = pg.Client.prototype.query as unknown as (this: pg.Client, text: string) => Promise<never>;
  return query.call(client, text);
}

/** A store, with the begins of its statements that had to wait for an answer. */
export async function waitingStore(place: PostgresPlace): Promise<{ waits: string[]; store: Store }> {
  const waits: string[] = [];
  let answered = true;
  const driver = driverWith((text, _client, send) => {
    if (answered) waits.push(text.slice(0, 30));
    answered = false;
    return send().then((answer: unknown) => {
      answered = true;
      return answer;
    });
  });
  return { waits, store: await place.open({ options: { ...place.options, driver } }) };
}
