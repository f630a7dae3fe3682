import { SchedulerError } from '../../core/index.js';

interface Cause {
  readonly cause?: unknown;
}

/** Options of the store that contradict each other or cannot be used. */
export class RedisStoreOptionsError extends SchedulerError {
  readonly code = 'REDIS_STORE_OPTIONS';

  constructor(
    readonly store: string,
    problem: string,
  ) {
    super(`Store "${store}": ${problem}`);
  }
}

/** Nobody answers at the address, or the connection was lost and did not come back in time. */
export class RedisUnreachableError extends SchedulerError {
  readonly code = 'REDIS_UNREACHABLE';

  constructor(
    readonly store: string,
    readonly address: string,
    problem: string,
    options?: Cause,
  ) {
    super(
      `Store "${store}" cannot reach Redis at ${address}: ${problem}. Look whether the server runs and the address is ` +
        `right. What was on its way is asked again, or was written once; nothing accepted is lost by this.`,
      options,
    );
  }
}

/** The server does not let this user in, or does not allow a command. */
export class RedisAccessError extends SchedulerError {
  readonly code = 'REDIS_ACCESS';

  constructor(
    readonly store: string,
    readonly address: string,
    problem: string,
    options?: Cause,
  ) {
    super(
      `Store "${store}": Redis at ${address} refuses access: ${problem}. Give "username" and "password" as the server's ` +
        `ACL has them; the user needs +@all (or at least @read, @write, @scripting, @pubsub and info) on the store's keys.`,
      options,
    );
  }
}

/** The server lacks what the store is built on. */
export class RedisTooOldError extends SchedulerError {
  readonly code = 'REDIS_TOO_OLD';

  constructor(
    readonly store: string,
    readonly address: string,
    readonly version: string,
  ) {
    super(
      `Store "${store}" needs Redis 7 or later (or Valkey); the server at ${address} is ${version}. Upgrade it, or keep ` +
        `these jobs in a database: { type: 'typeorm' }.`,
    );
  }
}

/** The server has reached its memory limit. */
export class RedisFullError extends SchedulerError {
  readonly code = 'REDIS_FULL';

  constructor(
    readonly store: string,
    readonly address: string,
    options?: Cause,
  ) {
    super(
      `Store "${store}": Redis at ${address} is out of memory ("maxmemory"). Nothing of this step was written and nothing ` +
        `before it is lost. Raise maxmemory, or prune history sooner (option "history").`,
      options,
    );
  }
}

/** The server takes no writes: a replica, a full disk, or too few replicas. */
export class RedisNotWritableError extends SchedulerError {
  readonly code = 'REDIS_NOT_WRITABLE';

  constructor(
    readonly store: string,
    readonly address: string,
    problem: string,
    options?: Cause,
  ) {
    super(
      `Store "${store}": Redis at ${address} takes no writes: ${problem}. Nothing of this step was written.`,
      options,
    );
  }
}

/** The server is there, but not ready: it loads its data, its cluster is incomplete, or a script keeps it busy. */
export class RedisNotReadyError extends SchedulerError {
  readonly code = 'REDIS_NOT_READY';

  constructor(
    readonly store: string,
    readonly address: string,
    problem: string,
    options?: Cause,
  ) {
    super(`Store "${store}": Redis at ${address} is not ready: ${problem}. It is asked again.`, options);
  }
}

/** A command was not answered in time; it may have been carried out. */
export class RedisTimeoutError extends SchedulerError {
  readonly code = 'REDIS_TIMEOUT';

  constructor(
    readonly store: string,
    readonly address: string,
    readonly waited: number,
  ) {
    super(
      `Store "${store}": Redis at ${address} did not answer within ${waited} ms. Look at the network and at SLOWLOG; ` +
        `"commandTimeout" is how long the store waits.`,
    );
  }
}

/** The store was closed, or not opened yet. */
export class RedisStoreClosedError extends SchedulerError {
  readonly code = 'REDIS_STORE_CLOSED';

  constructor(readonly store: string) {
    super(`Store "${store}" is not open. Call open() first; after close() it can be opened again.`);
  }
}

/** Others change the same jobs so often that a step never found them as it had read them. */
export class RedisContentionError extends SchedulerError {
  readonly code = 'REDIS_CONTENTION';

  constructor(
    readonly store: string,
    readonly tries: number,
  ) {
    super(
      `Store "${store}": the same jobs were changed by others each time, ${tries} times in a row. Nothing was written. ` +
        `Look for something that changes these jobs in a loop.`,
    );
  }
}

/** Anything else that Redis answered. */
export class RedisQueryError extends SchedulerError {
  readonly code = 'REDIS_QUERY';

  constructor(
    readonly store: string,
    readonly address: string,
    options: { readonly cause: unknown },
  ) {
    super(`Store "${store}" got an error from Redis at ${address}: ${messageOf(options.cause)}`, options);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
