import { SchedulerError } from '../../core/index.js';

interface Cause {
  readonly cause?: unknown;
}

/** The database lives in the memory of one connection, where nothing survives and nobody else can look. */
export class InMemoryDatabaseError extends SchedulerError {
  readonly code = 'IN_MEMORY_DATABASE';

  constructor(
    readonly store: string,
    readonly database: string,
  ) {
    super(
      `Store "${store}" cannot use the SQLite database "${database}": it lives in one connection's memory, so the store's ` +
        `own connection would see an empty one, and nothing would survive a restart. Give it a file ` +
        `(database: 'app.db'), or use the memory store: { type: 'memory' }.`,
    );
  }
}

/** A database that has no dialect here. */
export class UnsupportedDatabaseError extends SchedulerError {
  readonly code = 'UNSUPPORTED_DATABASE';

  constructor(
    readonly store: string,
    readonly databaseType: string,
    readonly supported: readonly string[],
  ) {
    super(
      `Store "${store}" cannot work on a database of type "${databaseType}". Supported types: ${supported.join(', ')}. ` +
        `Give the store a data source of its own: { options: { type: '${supported[0]}', database: 'jobs.db' } }.`,
    );
  }
}

/** Options of the store that contradict each other or cannot be used. */
export class TypeOrmStoreOptionsError extends SchedulerError {
  readonly code = 'TYPEORM_STORE_OPTIONS';

  constructor(
    readonly store: string,
    problem: string,
  ) {
    super(`Store "${store}": ${problem}`);
  }
}

/** The file cannot be opened, read or written. */
export class StoreFileError extends SchedulerError {
  readonly code = 'STORE_FILE';

  constructor(
    readonly store: string,
    readonly file: string,
    problem: string,
    options?: Cause,
  ) {
    super(`Store "${store}" cannot use the file ${file}: ${problem}`, options);
  }
}

/** The server does not answer, or refuses the connection. Nothing of the step was written, or it is asked after. */
export class StoreUnreachableError extends SchedulerError {
  readonly code = 'STORE_UNREACHABLE';

  constructor(
    readonly store: string,
    readonly place: string,
    problem: string,
    options?: Cause,
  ) {
    super(`Store "${store}" cannot reach its database at ${place}: ${problem}`, options);
  }
}

/** The user of the connection may not do what the store needs. */
export class StorePermissionError extends SchedulerError {
  readonly code = 'STORE_PERMISSION';

  constructor(
    readonly store: string,
    readonly place: string,
    problem: string,
    options?: Cause,
  ) {
    super(`Store "${store}" may not work on its database at ${place}: ${problem}`, options);
  }
}

/** The server lacks what the store is built on. */
export class ServerTooOldError extends SchedulerError {
  readonly code = 'SERVER_TOO_OLD';

  constructor(
    readonly store: string,
    readonly place: string,
    readonly version: string,
    readonly needed: string,
  ) {
    super(
      `Store "${store}" cannot use the server at ${place}: it is version ${version}, and ${needed} is needed (for ` +
        `FOR UPDATE SKIP LOCKED). Upgrade the server, or give the store another database.`,
    );
  }
}

/** One row is larger than the server takes. Nothing of the step was written. */
export class StatementTooLongError extends SchedulerError {
  readonly code = 'STATEMENT_TOO_LONG';

  constructor(
    readonly store: string,
    readonly place: string,
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(
      `Store "${store}" cannot write a row of ${bytes} bytes to ${place}: the server takes packets of ${limit} bytes. ` +
        `Nothing of this step was written. Pass less (an id instead of what it names), or raise max_allowed_packet.`,
    );
  }
}

/** No room is left for what was to be written. The step was undone as a whole. */
export class StoreFullError extends SchedulerError {
  readonly code = 'STORE_FULL';

  constructor(
    readonly store: string,
    readonly file: string,
    options?: Cause,
  ) {
    super(
      `Store "${store}" cannot write to ${file}: the disk (or the database's max_page_count) is full. Nothing of this ` +
        `step was written and nothing before it is lost. Make room, or prune history sooner (option "history").`,
      options,
    );
  }
}

/** Another connection kept the database locked for too long. The step was not made. */
export class StoreBusyError extends SchedulerError {
  readonly code = 'STORE_BUSY';

  constructor(
    readonly store: string,
    readonly file: string,
    readonly waited: number,
    options?: Cause,
  ) {
    super(
      `Store "${store}" could not write to ${file}${waited > 0 ? ` for ${Math.round(waited / 1000)} s` : ''}: another ` +
        `connection holds its write lock, or what else it needs. Look for a transaction that is kept open (one of your ` +
        `own that awaits this very call needs to hand over its manager), or for a process that was stopped in the middle ` +
        `of one.`,
      options,
    );
  }
}

/** The store was closed, or not opened yet. */
export class StoreClosedError extends SchedulerError {
  readonly code = 'STORE_CLOSED';

  constructor(readonly store: string) {
    super(`Store "${store}" is not open. Call open() first; after close() it can be opened again.`);
  }
}

/** The tables are not there, or older than this version of the package needs. */
export class SchemaMissingError extends SchedulerError {
  readonly code = 'SCHEMA_MISSING';

  constructor(
    readonly store: string,
    readonly missing: readonly string[],
    options?: Cause,
  ) {
    super(
      `Store "${store}": its tables are missing or out of date (${missing.join(', ')}). Run carillonMigrations() with ` +
        `the application's own migrations, or let the store run them itself: runMigrations: true.`,
      options,
    );
  }
}

/** A store that only looks found nothing: no tables, or none of this application's rows in them. */
export class StoreEmptyError extends SchedulerError {
  readonly code = 'STORE_EMPTY';

  constructor(
    readonly store: string,
    readonly application: string,
  ) {
    super(
      `Store "${store}" holds nothing of the application "${application}" yet, and a process that only looks makes no ` +
        `tables. The first start of the application makes them.`,
    );
  }
}

/** A store that only looks found tables of an earlier version of the package. */
export class SchemaOutdatedError extends SchedulerError {
  readonly code = 'SCHEMA_OUTDATED';

  constructor(
    readonly store: string,
    readonly missing: readonly string[],
  ) {
    super(
      `Store "${store}": its tables are those of an earlier version of nest-carillon (${missing.join(', ')} to come), and ` +
        `a process that only looks upgrades nothing. Look with the version that is running, or start this one first.`,
    );
  }
}

/** The tables were made by a later version of the package, whose rules this one does not know. */
export class NewerSchemaError extends SchedulerError {
  readonly code = 'NEWER_SCHEMA';

  constructor(
    readonly store: string,
    readonly unknown: readonly string[],
  ) {
    super(
      `Store "${store}": its tables were upgraded by a newer version of nest-carillon (${unknown.join(', ')}). ` +
        `Install that version here too; this one would misread them.`,
    );
  }
}

/** Anything else that the database answered. */
export class StoreQueryError extends SchedulerError {
  readonly code = 'STORE_QUERY';

  constructor(
    readonly store: string,
    readonly file: string,
    options: { readonly cause: unknown },
  ) {
    super(
      `Store "${store}" got an error from ${file}: ${messageOf(options.cause)}. Nothing of this step was written.`,
      options,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
