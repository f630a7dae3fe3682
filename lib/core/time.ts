/** A point in time: epoch milliseconds, UTC. `Date` and text exist at the public edge only. */
export type Instant = number;

/** A length of time in milliseconds. */
export type Millis = number;

/** A value now or later. The memory store answers at once, so nothing is awaited on its path. */
export type Awaitable<T> = T | Promise<T>;

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
