import type { Instant } from '../../core/index.js';
import { isPlainObject } from '../options/kind.js';
import type { Problem } from '../options/kind.js';
import { text } from '../options/kinds.js';
import type { OptionFault } from '../options/options-error.js';
import type { InstantInput } from '../options/inputs.js';
import { show } from '../options/show.js';
import { checkOptions } from '../options/tables.js';
import { readInstant } from '../options/units.js';
import { knownAliases, refuse, unknownAliases } from '../options/validate.js';
import type { ResolvedModuleOptions } from '../options/resolve.js';
import type { CallTable } from './registry-tables.js';

/** `SchedulerRegistry.pause (job "report")`: for messages. */
export function placeOf(method: string, jobId?: unknown): string {
  if (typeof jobId !== 'string' || jobId.trim() === '') return `SchedulerRegistry.${method}`;
  return `SchedulerRegistry.${method} (job "${jobId.slice(0, 200)}")`;
}

/** Everything wrong with the options of a call; aliases are looked up in `module`. */
export function callFaults(
  options: unknown,
  call: CallTable,
  place: string,
  module: ResolvedModuleOptions,
): OptionFault[] {
  if (!isPlainObject(options)) {
    return [
      { place, option: '(all)', value: options, message: `is ${show(options)}; it must be an object of options.` },
    ];
  }
  const missing = missingIn(options, call);
  const rules = missing.length > 0 ? { foreign: call.rules.foreign ?? {} } : call.rules;
  const wrong = checkOptions(options, '', call.table, rules);
  const unknown = unknownAliases(options, '', knownAliases(module));
  // Thousands of jobs are checked at one start, and nothing is wrong with most.
  if (missing.length + wrong.length + unknown.length === 0) return [];
  return [...missing, ...wrong, ...unknown].map((it) => ({ place, ...it }));
}

function missingIn(options: Record<string, unknown>, { required }: CallTable): Problem[] {
  const missing: Problem[] = [];
  for (const option in required) {
    if (options[option] !== undefined) continue;
    missing.push({ option, value: undefined, message: `is not given. ${required[option]}` });
  }
  return missing;
}

/** @throws {InvalidOptionsError} with everything that is wrong with the options of a call */
export function checkCall(options: unknown, call: CallTable, place: string, module: ResolvedModuleOptions): void {
  refuse(callFaults(options, call, place, module));
}

const ID = text(200);
const OTHER_ID = text(1_000);

/** @throws {InvalidOptionsError} when an id cannot be one */
export function checkId(value: unknown, name: string, place: string): asserts value is string {
  const faults = value === undefined ? [notGiven(name)] : (name === 'id' ? ID : OTHER_ID).check(value, name);
  refuse(faults.map((it) => ({ place, ...it })));
}

function notGiven(option: string): { option: string; value: unknown; message: string } {
  return { option, value: undefined, message: 'is not given. Write the id as text.' };
}

/** @throws {InvalidOptionsError} when it is no point in time */
export function checkedInstant(
  value: InstantInput,
  name: string,
  { place, zone }: { place: string; zone: string },
): Instant {
  const at = value === undefined ? 'Give a point in time.' : readInstant(value, zone);
  if (typeof at === 'number') return at;
  refuse([{ place, option: name, value, message: `is ${show(value)}; it must be a point in time. ${at}` }]);
  return 0;
}
