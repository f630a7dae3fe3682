import type { DataSource } from 'typeorm';
import type { Pool, PoolClient } from 'pg';
import { loadOptional, SystemClock } from '../../../../core/index.js';
import type { Clock, Instant, JobRecord, Millis, NewJob } from '../../../../core/index.js';
import { TypeOrmStoreOptionsError } from '../../errors.js';
import type { Session } from '../../session.js';
import type { Blamed, Link, Trouble } from '../server/link.js';
import { ServerCaches } from '../server/server-caches.js';
import type { ServerDialect, SessionParts } from '../server/server-dialect.js';
import { addNew } from './add-statement.js';
import { wasCommitted } from './commit-doubt.js';
import { KeptPlans } from './kept-plans.js';
import { explained, troubleOf } from './postgres-errors.js';
import { callersLink, lendLink } from './postgres-link.js';
import { openEar, sayOnce } from './postgres-ear.js';
import { PostgresListener } from './postgres-listener.js';
import { ownPostgresOptions, placeOf } from './postgres-options.js';
import type { PostgresOptions } from './postgres-options.js';
import { prepareSchema } from './postgres-schema.js';
import type { SchemaRequest } from './postgres-schema.js';
import { PostgresSession } from './postgres-session.js';
import type { Begun, Place } from './scope.js';

const INSTALL = 'npm install typeorm pg';

/** How long a transaction may stand still, and a statement may take, before the server ends it. */
const IDLE_LIMIT: Millis = 5_000;
const STATEMENT_LIMIT: Millis = 20_000;

export interface PostgresDialectParts extends SchemaRequest {
  readonly clock: Clock;
  readonly options: PostgresOptions;
  readonly busyTimeout: Millis;
  readonly listenUrl: string | null;
}

interface Opened {
  readonly dataSource: DataSource;
  readonly pool: Pool;
  readonly place: Place;
  readonly listener: PostgresListener;
}

/**
 * PostgreSQL 13 or later, through `pg`. Keeps nothing in a session but plans, and goes without them where a pooler between
 * (PgBouncer) shares it.
 */
export class PostgresDialect implements ServerDialect<Begun> {
  readonly claimsAtOnce = 2;
  private opened: Opened | null = null;
  private readonly caches = new ServerCaches();
  private readonly plans = new KeptPlans();
  private readonly sender = globalThis.crypto.randomUUID();
  private readonly own: PostgresOptions;
  /** Data sources of the caller that were found to be on this store's database. */
  private readonly proven = new WeakSet<object>();

  constructor(private readonly parts: PostgresDialectParts) {
    this.own = ownPostgresOptions(parts.options);
  }

  async open(): Promise<void> {
    const feature = `The store "${this.parts.store}" (type: typeorm, PostgreSQL)`;
    const { DataSource } = await loadOptional({ name: 'typeorm', feature, install: INSTALL }, () => import('typeorm'));
    const given = this.parts.options.driver as object | undefined;
    const wanted = { name: 'pg', feature, install: INSTALL };
    const driver = withoutNative(given ?? (await loadOptional(wanted, () => import('pg'))).default);
    const dataSource = new DataSource({ ...this.own, driver });
    try {
      await dataSource.initialize();
      const pool = poolOf(dataSource);
      const link = await lendLink(pool, this.plans);
      const place = await prepareSchema(link, this.parts).finally(() => link.release());
      this.opened = { dataSource, pool, place, listener: this.listenerOn(pool, place) };
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    opened?.listener.stop();
    await opened?.dataSource.destroy();
  }

  link(): Promise<Link> {
    return lendLink(this.opened!.pool, this.plans);
  }

  begin(link: Link): Promise<Begun> {
    return this.askBegun(link, this.beginning);
  }

  beginWithin(link: Link): Promise<Begun> {
    return this.askBegun(link, '');
  }

  wasCommitted(link: Link, begun: Begun): Promise<boolean | null> {
    return wasCommitted(link, begun);
  }

  session({ statements, begun, tries, onCommit }: SessionParts<Begun>): Session {
    const { place, listener } = this.opened!;
    return new PostgresSession({
      place,
      caches: this.caches,
      statements,
      begun,
      tries,
      onCommit,
      channel: channelOf(place),
      sender: this.sender,
      announce: () => listener.announceWithdrawal(),
      isServerTimed: this.parts.clock instanceof SystemClock,
    });
  }

  add(link: Link, jobs: readonly NewJob[], at: Instant): Promise<JobRecord[] | null> {
    const { place } = this.opened!;
    const { caches, sender, beginning } = this;
    return addNew(link, { place, caches, channel: channelOf(place), sender, beginning }, jobs, at);
  }

  async callersLink(within: unknown): Promise<Link> {
    const { queryRunner, dataSource, connection } = (within ?? {}) as CallersManager;
    const source = dataSource ?? connection;
    const problem = 'the transaction given by the caller must be';
    if (source?.options?.type !== 'postgres' || !queryRunner?.isTransactionActive) {
      throw new TypeOrmStoreOptionsError(
        this.parts.store,
        `${problem} the EntityManager of an open transaction on its database: dataSource.transaction((manager) => …).`,
      );
    }
    const link = callersLink(await queryRunner.connect());
    if (!this.proven.has(source)) {
      if (!(await this.isOwn(link))) {
        throw new TypeOrmStoreOptionsError(this.parts.store, `${problem} on the store's own database ${this.place}.`);
      }
      this.proven.add(source);
    }
    return link;
  }

  watch(wake: () => void, doubt: () => void): () => void {
    return this.opened?.listener.watch(wake, doubt) ?? (() => undefined);
  }

  get isWatching(): boolean {
    return this.opened?.listener.isListening ?? false;
  }

  troubleOf(error: unknown): Trouble {
    return troubleOf(error);
  }

  explained(error: unknown): unknown {
    return explained(error, this.blamed);
  }

  /**
   * Plans are bound to the indexes: the tables grow by orders of magnitude faster than statistics about them are gathered,
   * and a plan for a small table is the end of a large one. What is in use is in memory.
   */
  private get beginning(): string {
    const limits = {
      idle_in_transaction_session_timeout: IDLE_LIMIT,
      statement_timeout: STATEMENT_LIMIT,
      lock_timeout: this.parts.busyTimeout,
      enable_seqscan: 'off',
      enable_bitmapscan: 'off',
      enable_mergejoin: 'off',
      random_page_cost: 1.1,
      jit: 'off',
    };
    return `BEGIN; ${Object.entries(limits)
      .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
      .join(' ')}`;
  }

  private get place(): string {
    return placeOf(this.parts.options);
  }

  private get blamed(): Blamed {
    return { store: this.parts.store, place: this.place };
  }

  private listenerOn(pool: Pool, place: Place): PostgresListener {
    const channel = channelOf(place);
    const at = { channel, url: this.parts.listenUrl };
    return new PostgresListener({
      clock: this.parts.clock,
      sender: this.sender,
      listen: (heard, lost) => openEar(pool, at, { heard, lost }),
      sayOnce: (payload) => sayOnce(pool, at, payload),
      notify: async (payload) => void (await pool.query('SELECT pg_notify($1, $2)', [channel, payload])),
    });
  }

  private async askBegun(link: Link, before: string): Promise<Begun> {
    const { tables } = this.opened!.place;
    const { rows } = await link.query(
      `${before} SELECT pg_current_xact_id()::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
         nextval('${tables}keys')`,
    );
    const [xid, now, block] = rows[0] as [string, number, number];
    return { xid, now, block };
  }

  private async isOwn(link: Link): Promise<boolean> {
    const { tables, tag } = this.opened!.place;
    const { rows: found } = await link.query('SELECT to_regclass($1) IS NOT NULL', [`${tables}stores`]);
    if (found[0][0] !== true) return false;
    const { rows } = await link.query(`SELECT tag FROM ${tables}stores`);
    return rows[0]?.[0] === tag;
  }
}

function channelOf({ tag, appKey }: Place): string {
  return `carillon_${tag}_${appKey}`;
}

/** What is read of an EntityManager of any version of TypeORM. */
interface CallersManager {
  readonly queryRunner?: { readonly isTransactionActive?: boolean; connect(): Promise<PoolClient> };
  readonly dataSource?: { readonly options?: { readonly type?: string } };
  readonly connection?: CallersManager['dataSource'];
}

/** TypeORM would take pg-native where it is installed: another driver with other habits. */
function withoutNative(driver: object): object {
  return Object.create(driver, { native: { value: undefined } }) as object;
}

function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}
