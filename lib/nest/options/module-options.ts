import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Provider, Type } from '@nestjs/common';
import type { Executor, Store, Trigger } from '../../core/index.js';
import type { MailOptions } from '../../observe/index.js';
import type { CalendarDefinition } from '../../triggers/index.js';
import type { CronFields, Duration, InstantInput } from './inputs.js';
import type { HistoryOptions, IntervalTriggerOptions, JobOptions, PolicyOptions } from './job-options.js';

/** Jobs live and die with this process. */
export interface MemoryStoreOptions {
  /** Names the kind of store. */
  readonly type: 'memory';
}

/** Jobs live in a database that TypeORM reaches, shared by every process that uses it. */
export interface TypeOrmStoreOptions {
  /** Names the kind of store. */
  readonly type: 'typeorm';
  /** Name of one of the application's data sources. Default: its default one. */
  readonly dataSource?: string;
  /** TypeORM `DataSourceOptions` of a data source of the store's own; not together with `dataSource`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Put before the name of each table. Default `carillon_`. */
  readonly tablePrefix?: string;
  /** PostgreSQL: schema of the tables, made when it is missing. Default: the data source's own, else that of its search path. */
  readonly schema?: string;
  /**
   * PostgreSQL: a connection of its own listens for other nodes' changes. Behind a pooler in transaction mode (PgBouncer)
   * it hears nothing: give the URL of the server itself for this one connection, or false to find changes by polling each
   * second. Default true.
   */
  readonly listen?: boolean | string;
  /** false: the tables are only checked at start, the application's own migrations make them. Default true. */
  readonly runMigrations?: boolean;
  /** How long a step waits for others' locks, and tries again what met a conflict; 1 ms to 10 min. Default 10 s. */
  readonly busyTimeout?: Duration;
}

/** Jobs live in Redis 7 or later, shared by every process that uses it. One of `client`, `url` and the parts of an address. */
export interface RedisStoreOptions {
  /** Names the kind of store. */
  readonly type: 'redis';
  /** Host name or IP address. Default `localhost`. */
  readonly host?: string;
  /** Default 6379. */
  readonly port?: number;
  /** User of the server's ACL. */
  readonly username?: string;
  /** Password of the user, or of the server. */
  readonly password?: string;
  /** Number of the database. Default 0. */
  readonly db?: number;
  /** true: an encrypted connection. */
  readonly tls?: boolean;
  /** `redis://user:password@host:6379/0`, `rediss://` for an encrypted connection; in place of the parts. */
  readonly url?: string;
  /** Further options of ioredis, such as `sentinels` or `tls` with certificates. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** A client of ioredis that the application has, also a `Cluster`; it is left open. */
  readonly client?: object;
  /** Before the name of each key, without braces. Default `carillon:`. */
  readonly keyPrefix?: string;
  /** How long a command may take, 100 ms to 1 min. Default 10 s. */
  readonly commandTimeout?: Duration;
}

/** A store by alias: one of the built-in ones, or an object that implements `Store`. */
export type StoreOptions = MemoryStoreOptions | TypeOrmStoreOptions | RedisStoreOptions | Store;

/** Attempts run in this process, on its event loop. */
export interface AsyncExecutorOptions {
  /** Names the kind of executor. */
  readonly type: 'async';
  /** Attempts at once, at most. Default 100. */
  readonly concurrency?: number;
}

/** An executor by alias: one of the built-in ones, or an object that implements `Executor`. */
export type ExecutorOptions = AsyncExecutorOptions | Executor;

/**
 * A job of the configuration. Under an id that code defines it overrides that job field by field; with a task that is a
 * decorated method and no trigger it gives that method's job this id; else it is a new job and needs both.
 */
export interface ConfiguredJob extends Omit<JobOptions, 'id'>, IntervalTriggerOptions {
  /** `Class.method` of a method with a scheduling decorator or `@Task()`, or a name from `forFeature({ tasks })`. */
  readonly task?: string;
  /** Cron as expression or fields; at most one of `cron`, `every`, `at` and `trigger`. */
  readonly cron?: string | CronFields;
  /** Interval, best as text or object; a bare number is milliseconds and refused below 1,000. */
  readonly every?: Duration;
  /** Once, at this instant. */
  readonly at?: InstantInput;
  /** Any trigger, combined ones too. */
  readonly trigger?: Trigger;
}

/** Which Nest enhancers surround a run. Local ones always do. */
export interface EnhancerOptions {
  /** Also global guards, interceptors, filters and pipes. Default false: most of them expect a request. */
  readonly global?: boolean;
}

/** Options of `SchedulerModule.forRoot`. Everything has a default: without options all jobs live in memory. */
export interface SchedulerModuleOptions {
  /** false: nothing is claimed and no timer is set; the jobs stay visible. Also `CARILLON_ENABLED=false`. Default true. */
  readonly enabled?: boolean;
  /** Applications in one store see only their own jobs. Default: the name in package.json. */
  readonly application?: string;
  /** Orders deploys: a lower version never changes a definition. Default: the version in package.json. */
  readonly version?: string;
  /** `client` manages and never claims; `worker` is kept for executors that serve a fleet, of which there is none yet: today a client that says so at the start. Also `CARILLON_ROLE`. Default `all`. */
  readonly role?: 'all' | 'scheduler' | 'worker' | 'client';
  /** IANA zone of jobs that name none. Default `UTC`, never the machine's. */
  readonly timezone?: string;
  /** What a job's `environments` are compared with. Default: `NODE_ENV`, else `development`. */
  readonly environment?: string;
  /** Options that every job starts from. */
  readonly jobDefaults?: PolicyOptions;
  /** Stores by alias; `default` is a memory store unless it is given. */
  readonly stores?: Readonly<Record<string, StoreOptions>>;
  /** Executors by alias; `default` and `background` are there always. */
  readonly executors?: Readonly<Record<string, ExecutorOptions>>;
  /** Jobs by id: a text is the name of a task. */
  readonly jobs?: Readonly<Record<string, string | ConfiguredJob>>;
  /** Calendars by name, for `trigger.excluding(name)`. */
  readonly calendars?: Readonly<Record<string, CalendarDefinition>>;
  /** How mail with the output of runs is sent: nodemailer's transport, and the sender. Needs `npm install nodemailer`. */
  readonly mail?: MailOptions;
  /** The application's console as a process, for commands that no provider has: `['node', 'dist/cli.js']`. */
  readonly console?: readonly string[];
  /**
   * Directory that files with output must be in, and that their paths are relative to. Default: the working directory,
   * which only paths of `jobs` must stay in.
   */
  readonly outputRoot?: string;
  /** How much of every job's past is kept. Default 30 days and 1,000 runs a job; a memory store keeps 20 a job. */
  readonly history?: HistoryOptions;
  /** How long a claim counts unless it is renewed; 1 s to 10 min. Default 10 s. */
  readonly lease?: Duration;
  /** How long a stop waits for open runs before they are aborted. Default 25 s. */
  readonly shutdownTimeout?: Duration;
  /** Which Nest enhancers surround a run. */
  readonly enhancers?: EnhancerOptions;
  /** Which lines are logged: none, failures and skips, or all. Default `all`. */
  readonly log?: 'silent' | 'failures' | 'all';
}

/** Makes the options of the module: for `useClass` and `useExisting`. */
export interface SchedulerOptionsFactory {
  createSchedulerOptions(): SchedulerModuleOptions | Promise<SchedulerModuleOptions>;
}

/** Options of `SchedulerModule.forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface SchedulerModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  // Arguments follow `inject`, which no type can express.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory?: (...args: any[]) => SchedulerModuleOptions | Promise<SchedulerModuleOptions>;
  readonly useClass?: Type<SchedulerOptionsFactory>;
  readonly useExisting?: InjectionToken<SchedulerOptionsFactory>;
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  readonly extraProviders?: Provider[];
}
