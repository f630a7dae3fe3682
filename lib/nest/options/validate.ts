import type { Problem } from './kind.js';
import { isPlainObject } from './kind.js';
import { FOREIGN_JOB_OPTIONS, INTERVAL_TABLE, JOB_TABLE, jobContradictions, TRIGGER_TABLE } from './job-tables.js';
import { MODULE_RULES, MODULE_TABLE } from './module-tables.js';
import type { SchedulerModuleOptions } from './module-options.js';
import { nearest } from './nearest.js';
import type { OptionFault } from './options-error.js';
import { InvalidOptionsError } from './options-error.js';
import { show } from './show.js';
import { checkOptions } from './tables.js';
import type { GroupRules } from './tables.js';

/** Where options were written, and what may stand there. */
export interface OptionSite {
  /** For messages: `ReportsService.send (@Cron)`. */
  readonly place: string;
  /** Whose options stand beside the job's: an interval has two of its own. Default `interval`. */
  readonly trigger?: 'interval' | 'other' | 'none';
  /** Aliases that exist; a job that names another store or executor is refused. */
  readonly known?: KnownAliases;
}

export interface KnownAliases {
  readonly stores: readonly string[];
  readonly executors: readonly string[];
}

const TABLES = {
  interval: { ...JOB_TABLE, ...INTERVAL_TABLE },
  other: { ...JOB_TABLE, ...TRIGGER_TABLE },
  none: JOB_TABLE,
} as const;

const { initialDelay: _initial, fixedDelay: _fixed, ...FOREIGN_BESIDE_INTERVAL } = FOREIGN_JOB_OPTIONS;
const RULES: GroupRules = { foreign: FOREIGN_JOB_OPTIONS, together: jobContradictions };
const RULES_BESIDE_INTERVAL: GroupRules = { foreign: FOREIGN_BESIDE_INTERVAL, together: jobContradictions };

/** Everything wrong with a job's options; empty when they are fine. */
export function jobOptionFaults(options: unknown, site: OptionSite): OptionFault[] {
  if (options === undefined) return [];
  if (!isPlainObject(options)) return [notAnObject(options, site.place)];
  const kind = site.trigger ?? 'interval';
  const rules = kind === 'interval' ? RULES_BESIDE_INTERVAL : RULES;
  const problems = checkOptions(options, '', TABLES[kind], rules);
  const unknown = site.known === undefined ? [] : unknownAliases(options, '', site.known);
  return [...problems, ...unknown].map((it) => ({ place: site.place, ...it }));
}

/** @throws {InvalidOptionsError} with everything that is wrong with a job's options */
export function validateJobOptions(options: unknown, site: OptionSite): void {
  refuse(jobOptionFaults(options, site));
}

/** @throws {InvalidOptionsError} when there are faults */
export function refuse(faults: readonly OptionFault[]): void {
  if (faults.length > 0) throw new InvalidOptionsError(faults);
}

const MODULE_PLACE = 'SchedulerModule.forRoot';

/** Everything wrong with the module's options; empty when they are fine. */
export function moduleOptionFaults(options: unknown, place = MODULE_PLACE): OptionFault[] {
  if (options === undefined) return [];
  if (!isPlainObject(options)) return [notAnObject(options, place)];
  const problems = checkOptions(options, '', MODULE_TABLE, MODULE_RULES);
  return [...problems, ...misnamedAliases(options)].map((it) => ({ place, ...it }));
}

/** @throws {InvalidOptionsError} with everything that is wrong with the module's options */
export function validateModuleOptions(options: unknown, place = MODULE_PLACE): void {
  refuse(moduleOptionFaults(options, place));
}

/** Aliases that jobs may name: those of the configuration, and the ones that are there always. */
export function knownAliases(options: Pick<SchedulerModuleOptions, 'stores' | 'executors'>): KnownAliases {
  let known = aliasesOf.get(options);
  if (known === undefined) {
    known = {
      stores: [...new Set(['default', ...Object.keys(options.stores ?? {})])],
      executors: [...new Set(['default', 'background', ...Object.keys(options.executors ?? {})])],
    };
    aliasesOf.set(options, known);
  }
  return known;
}

/** Asked for each job; options do not change once they are read. */
const aliasesOf = new WeakMap<object, KnownAliases>();

function misnamedAliases(options: Record<string, unknown>): Problem[] {
  const { stores, executors, jobs, jobDefaults } = options;
  const known = knownAliases({
    stores: isPlainObject(stores) ? (stores as NonNullable<SchedulerModuleOptions['stores']>) : {},
    executors: isPlainObject(executors) ? (executors as NonNullable<SchedulerModuleOptions['executors']>) : {},
  });
  return [
    ...(isPlainObject(jobDefaults) ? unknownAliases(jobDefaults, 'jobDefaults.', known) : []),
    ...Object.entries(isPlainObject(jobs) ? jobs : {}).flatMap(([id, job]) =>
      isPlainObject(job) ? unknownAliases(job, `jobs.${id}.`, known) : [],
    ),
  ];
}

export function unknownAliases(options: Record<string, unknown>, prefix: string, known: KnownAliases): Problem[] {
  if (options.store === undefined && options.executor === undefined) return [];
  return (['store', 'executor'] as const).flatMap((name) => {
    const alias = options[name];
    const aliases = known[`${name}s`];
    if (typeof alias !== 'string' || alias.trim() === '' || aliases.includes(alias)) return [];
    const meant = nearest(alias, aliases);
    const advice = meant === null ? `Add it to forRoot({ ${name}s }).` : `Did you mean '${meant}'?`;
    const message = `names no ${name}: ${show(alias)}; there are ${aliases.map(show).join(', ')}. ${advice}`;
    return [{ option: `${prefix}${name}`, value: alias, message }];
  });
}

function notAnObject(options: unknown, place: string): OptionFault {
  const advice = typeof options === 'string' ? ` A name is given as { name: ${show(options)} }.` : '';
  return { place, option: '(all)', value: options, message: `is ${show(options)}; it must be an object.${advice}` };
}
