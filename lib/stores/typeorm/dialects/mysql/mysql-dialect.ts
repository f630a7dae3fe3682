import type { Pool, PoolConnection } from 'mysql2';
import type { DataSource } from 'typeorm';
import { loadOptional, SystemClock } from '../../../../core/index.js';
import type { Clock, Millis } from '../../../../core/index.js';
import { TypeOrmStoreOptionsError } from '../../errors.js';
import type { Session } from '../../session.js';
import type { Link, Trouble } from '../server/link.js';
import type { ServerDialect, SessionParts } from '../server/server-dialect.js';
import { SERVER_NOW } from './claim-rows.js';
import { shortText, text } from './literals.js';
import { explained, troubleOf } from './mysql-errors.js';
import { lendConnection, MySqlLink } from './mysql-link.js';
import { ownMySqlOptions, placeOf } from './mysql-options.js';
import type { MySqlOptions } from './mysql-options.js';
import { prepareSchema, tagSeen } from './mysql-schema.js';
import type { SchemaRequest } from './mysql-schema.js';
import { readServer, sessionSettings, STAND_AS_LONG_AS_IT_LIKES, STAND_STILL_AT_MOST } from './mysql-server.js';
import type { MySqlServer } from './mysql-server.js';
import { MySqlSession } from './mysql-session.js';
import { Caches, newStamp, nextBlock } from './scope.js';
import type { Begun, Place } from './scope.js';

const INSTALL = 'npm install typeorm mysql2';

/** Before the server was asked: every server takes as much. */
const SMALLEST_PACKET = 65_536;

/** For the next statement alone. */
const LOOK_AT_UNCOMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED';

/** Statements in one packet, at most. */
const AT_ONCE = 100;

export interface MySqlDialectParts extends SchemaRequest {
  readonly clock: Clock;
  readonly options: MySqlOptions;
  readonly busyTimeout: Millis;
  readonly schema: string | null;
}

interface Opened {
  readonly dataSource: DataSource;
  readonly pool: Pool;
  readonly server: MySqlServer;
  readonly place: Place;
}

/** MariaDB 10.6 or MySQL 8.0.19 and later, through `mysql2`. Both are spoken to in what they have in common. */
export class MySqlDialect implements ServerDialect<Begun> {
  readonly claimsAtOnce = 2;
  private opened: Opened | null = null;
  private readonly caches = new Caches();
  private readonly own: MySqlOptions;
  /** Connections that know the settings of this store. */
  private readonly settled = new WeakSet<PoolConnection>();
  /** Data sources of the caller that were found to be on this store's database. */
  private readonly proven = new WeakSet<object>();

  constructor(private readonly parts: MySqlDialectParts) {
    if (parts.schema !== null) {
      const advice = `"schema" is for PostgreSQL. Name the database instead, or give "tablePrefix".`;
      throw new TypeOrmStoreOptionsError(parts.store, advice);
    }
    this.own = ownMySqlOptions(parts.options);
  }

  async open(): Promise<void> {
    const feature = `The store "${this.parts.store}" (type: typeorm, ${this.parts.options.type})`;
    const { DataSource } = await loadOptional({ name: 'typeorm', feature, install: INSTALL }, () => import('typeorm'));
    const given = this.parts.options.driver as object | undefined;
    const wanted = { name: 'mysql2', feature, install: INSTALL };
    const driver = given ?? (await loadOptional(wanted, () => import('mysql2'))).default;
    const dataSource = new DataSource({ ...this.own, driver });
    try {
      await dataSource.initialize();
      this.opened = await this.openedOn(dataSource);
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    await opened?.dataSource.destroy();
  }

  async link(): Promise<Link> {
    const { pool, server } = this.opened!;
    return await this.linkOn(pool, server);
  }

  /** How long it may stand still is the connection's own limit: a process that was stopped in it holds no rows. */
  begin(link: Link): Promise<Begun> {
    for (const start of [STAND_STILL_AT_MOST, 'START TRANSACTION']) link.query(start).catch(() => undefined);
    return this.beginWithin(link);
  }

  async beginWithin(link: Link): Promise<Begun> {
    const stamp = newStamp();
    const asked = [nextBlock(link, this.opened!.place.tables, stamp), link.query(`SELECT ${SERVER_NOW}`)] as const;
    const [block, { rows }] = await Promise.all(asked);
    return { block, now: rows[0][0] as number, stamp };
  }

  /** Waits for a transaction that is still under way. */
  async wasCommitted(link: Link, { block, stamp }: Begun): Promise<boolean> {
    const { tables } = this.opened!.place;
    const { rows } = await link.query(`SELECT stamp FROM ${tables}blocks WHERE block = ${block} LOCK IN SHARE MODE`);
    return rows.length > 0 && rows[0][0] === stamp;
  }

  /**
   * Seen before it is durable: of two withdrawals under way the later one may be durable first, and the earlier number would
   * never be the last. Whoever sees it too early waits for its locks when he renews.
   */
  async lastWithdrawal(link: Link): Promise<string> {
    const { tables, appKey } = this.opened!.place;
    const last = `SELECT withdrawal, stamp FROM ${tables}withdrawals
      WHERE app_key = ${appKey} ORDER BY withdrawal DESC LIMIT 1`;
    try {
      const [, { rows }] = await Promise.all([link.query(LOOK_AT_UNCOMMITTED), link.query(last)]);
      return rows[0]?.join(' ') ?? '';
    } catch (error) {
      // The next transaction over it would be the one that looks at such rows.
      link.cut();
      throw error;
    }
  }

  session({ isCallers, ...given }: SessionParts<Begun>): Session {
    const { place } = this.opened!;
    const isServerTimed = this.parts.clock instanceof SystemClock;
    const quote = isCallers === true ? text : shortText;
    return new MySqlSession({ ...given, place, caches: this.caches, quote, isServerTimed });
  }

  async callersLink(within: unknown): Promise<Link> {
    const { queryRunner, dataSource, connection } = (within ?? {}) as CallersManager;
    const source = dataSource ?? connection;
    const problem = 'the transaction given by the caller must be';
    const type = source?.options?.type;
    if ((type !== 'mysql' && type !== 'mariadb') || !queryRunner?.isTransactionActive) {
      throw new TypeOrmStoreOptionsError(
        this.parts.store,
        `${problem} the EntityManager of an open transaction on its database: dataSource.transaction((manager) => …).`,
      );
    }
    const nothing = { last: [], release: () => undefined, cut: () => undefined };
    const { longestPacket } = this.opened!.server;
    const link = new MySqlLink(await queryRunner.connect(), {
      ...this.blamed,
      ...nothing,
      longestPacket,
      statementsAtOnce: 1,
    });
    if (!this.proven.has(source!)) {
      if ((await tagSeen(link, this.parts.prefix)) !== this.opened!.place.tag) {
        throw new TypeOrmStoreOptionsError(
          this.parts.store,
          `${problem} on the store's own database ${this.blamed.place}.`,
        );
      }
      this.proven.add(source!);
    }
    return link;
  }

  troubleOf(error: unknown): Trouble {
    return troubleOf(error);
  }

  explained(error: unknown): unknown {
    return explained(error, this.blamed);
  }

  private get blamed(): { store: string; place: string } {
    return { store: this.parts.store, place: placeOf(this.parts.options) };
  }

  private async openedOn(dataSource: DataSource): Promise<Opened> {
    const { pool } = dataSource.driver as unknown as { pool: Pool };
    const asked = await this.linkOn(pool, null);
    const server = await readServer(asked, this.blamed).finally(() => asked.release());
    const link = await this.linkOn(pool, server);
    const seen = await prepareSchema(link, this.parts).finally(() => link.release());
    const place = { ...seen, isMariaDb: server.isMariaDb };
    return { dataSource, pool, server, place };
  }

  /** @param server null: it is not known yet what it understands */
  private async linkOn(pool: Pool, server: MySqlServer | null): Promise<MySqlLink> {
    const connection = await lendConnection(pool);
    const link = new MySqlLink(connection, {
      ...this.blamed,
      longestPacket: server?.longestPacket ?? SMALLEST_PACKET,
      statementsAtOnce: AT_ONCE,
      last: [STAND_AS_LONG_AS_IT_LIKES],
      release: () => connection.release(),
      cut: () => connection.destroy(),
    });
    if (server !== null && !this.settled.has(connection)) {
      // One that goes away while it is lent must not end the process.
      connection.on('error', () => undefined);
      const settings = sessionSettings(server.isMariaDb, this.parts.busyTimeout).map((text) => link.query(text));
      // They go with the first statements, which fail with them.
      Promise.all(settings).then(
        () => this.settled.add(connection),
        () => undefined,
      );
    }
    return link;
  }
}

/** What is read of an EntityManager of any version of TypeORM. */
interface CallersManager {
  readonly queryRunner?: { readonly isTransactionActive?: boolean; connect(): Promise<PoolConnection> };
  readonly dataSource?: { readonly options?: { readonly type?: string } };
  readonly connection?: CallersManager['dataSource'];
}
