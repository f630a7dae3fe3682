import type { HistoryPolicy, Millis } from '../../core/index.js';
import type { MailOptions } from '../../observe/index.js';
import type { CalendarDefinition } from '../../triggers/index.js';
import type { ConfiguredJob, ExecutorOptions, SchedulerModuleOptions, StoreOptions } from './module-options.js';
import type { PolicyOptions } from './job-options.js';
import type { OptionFault } from './options-error.js';
import { millis } from './units.js';
import { configuredOutputFaults, outputFaults } from './output-faults.js';
import { moduleOptionFaults, refuse } from './validate.js';
import { flag, oneOf } from './kinds.js';

/** Options of the module with every default filled in, durations in milliseconds. */
export interface ResolvedModuleOptions {
  readonly enabled: boolean;
  readonly application: string;
  readonly version: string;
  readonly role: 'all' | 'scheduler' | 'worker' | 'client';
  readonly timezone: string;
  readonly environment: string;
  readonly jobDefaults: PolicyOptions;
  /** `default` is among them. */
  readonly stores: Readonly<Record<string, StoreOptions>>;
  /** `default` and `background` are among them. */
  readonly executors: Readonly<Record<string, ExecutorOptions>>;
  readonly jobs: Readonly<Record<string, string | ConfiguredJob>>;
  readonly calendars: Readonly<Record<string, CalendarDefinition>>;
  /** Null: none. */
  readonly mail: MailOptions | null;
  /** Null: none. */
  readonly console: readonly string[] | null;
  /** Null: not given. */
  readonly outputRoot: string | null;
  /** `given`: without the defaults, for a memory store keeps less. */
  readonly history: { readonly age: Millis; readonly count: number; readonly given: HistoryPolicy };
  readonly lease: Millis;
  readonly shutdownTimeout: Millis;
  readonly enhancers: { readonly global: boolean };
  readonly log: 'silent' | 'failures' | 'all';
}

/** What the options do not say is read from here. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly packageName: string;
  readonly packageVersion: string;
}

const DEFAULT_CONCURRENCY = 100;
const DAY: Millis = 86_400_000;

/**
 * Validates the module's options and fills in what they leave open. `CARILLON_ROLE` and `CARILLON_ENABLED` win over the
 * options, so that one build serves several kinds of process.
 *
 * @throws {InvalidOptionsError} with everything that is wrong, variables of the environment too
 */
export function resolveModuleOptions(
  options: SchedulerModuleOptions | undefined,
  { environment, packageName, packageVersion }: Surroundings,
): ResolvedModuleOptions {
  refuse([...moduleOptionFaults(options), ...environmentFaults(environment)]);
  const given = options ?? {};
  const output = { mail: given.mail ?? null, outputRoot: given.outputRoot ?? null };
  refuse([
    ...outputFaults(given.jobDefaults ?? {}, output, 'SchedulerModule.forRoot jobDefaults'),
    ...configuredOutputFaults(given),
  ]);
  return {
    enabled: enabledOf(environment['CARILLON_ENABLED']) ?? given.enabled ?? true,
    application: given.application ?? packageName,
    version: given.version ?? packageVersion,
    role: roleOf(environment['CARILLON_ROLE']) ?? given.role ?? 'all',
    timezone: given.timezone ?? 'UTC',
    environment: given.environment ?? environment['NODE_ENV'] ?? 'development',
    jobDefaults: given.jobDefaults ?? {},
    stores: { default: { type: 'memory' }, ...given.stores },
    executors: { default: asyncExecutor(), background: asyncExecutor(), ...given.executors },
    jobs: given.jobs ?? {},
    calendars: given.calendars ?? {},
    ...output,
    console: given.console ?? null,
    history: historyOf(given.history),
    lease: millis(given.lease ?? 10_000),
    shutdownTimeout: millis(given.shutdownTimeout ?? 25_000),
    enhancers: { global: given.enhancers?.global ?? false },
    log: given.log ?? 'all',
  };
}

function asyncExecutor(): ExecutorOptions {
  return { type: 'async', concurrency: DEFAULT_CONCURRENCY };
}

function historyOf(history: SchedulerModuleOptions['history']): ResolvedModuleOptions['history'] {
  const { age, count } = history ?? {};
  const given = { age: age === undefined ? null : millis(age), count: count ?? null };
  return { age: given.age ?? 30 * DAY, count: given.count ?? 1_000, given };
}

const ROLES = ['all', 'scheduler', 'worker', 'client'] as const;
const ON_OFF: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

function roleOf(text: string | undefined): (typeof ROLES)[number] | undefined {
  return ROLES.find((role) => role === text);
}

function enabledOf(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : ON_OFF[text.toLowerCase()];
}

function environmentFaults(environment: Surroundings['environment']): OptionFault[] {
  const { CARILLON_ROLE: role, CARILLON_ENABLED: enabled } = environment;
  const faults = [
    ...(isBlank(role) ? [] : oneOf(...ROLES).check(role, 'CARILLON_ROLE')),
    ...(isBlank(enabled) || enabledOf(enabled) !== undefined ? [] : flag().check(enabled, 'CARILLON_ENABLED')),
  ];
  return faults.map((it) => ({ place: 'Environment', ...it }));
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text === '';
}
