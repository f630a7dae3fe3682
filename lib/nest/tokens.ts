/** Token of the module's options, complete as the application gave them. */
export const SCHEDULER_OPTIONS = Symbol.for('nest-carillon:options');

/** Token of the clock; override its provider in a test to own time. */
export const SCHEDULER_CLOCK = Symbol.for('nest-carillon:clock');

/** Token under which a global module of a test may provide the clock instead; it wins over the system's. */
export const SCHEDULER_TEST_CLOCK = Symbol.for('nest-carillon:test-clock');

/**
 * Token under which a test may make the engine's own rhythm slower: where all time passes in a moment and no other node
 * is there, a heartbeat every few seconds is all that takes time.
 */
export const SCHEDULER_TEST_PACE = Symbol.for('nest-carillon:test-pace');

/** Token under which a global module says that this start only looks, or leaves no trace: see `StartMode`. */
export const SCHEDULER_START_MODE = Symbol.for('nest-carillon:start-mode');

/** How an application starts for a command. */
export interface StartMode {
  /** Nothing is claimed, no timer is armed, and no store that outlives the process is changed by the start itself. */
  readonly observes?: boolean;
  /** Every store is one of this process: what runs here is seen nowhere else. */
  readonly inMemory?: boolean;
  /** Only runs that are asked for are made: neither a fire time nor the start itself makes one. */
  readonly onlyAsked?: boolean;
  /** What falls in the current minute is due, also what was past when the process started. */
  readonly wholeMinute?: boolean;
}

/**
 * Token of the store with this alias, for code that talks to a store itself.
 *
 * @param alias as under `stores` of `forRoot`; default `default`
 * @example constructor(@Inject(getStoreToken('db')) private readonly store: Store) {}
 */
export function getStoreToken(alias = 'default'): string {
  requested.add(alias);
  return `CARILLON_STORE_${alias}`;
}

// Options that are made asynchronously tell their aliases too late for providers to be declared; who asks tells them.
const requested = new Set(['default']);

/** Aliases that need a provider: those of the options, and those whose token was asked for. */
export function storeAliases(known: readonly string[]): string[] {
  return [...new Set([...requested, ...known])];
}
