import { isPlainObject, type OptionTable } from './kind.js';
import { thing } from './kinds.js';
import { MODULE_TABLE } from './module-tables.js';
import type { OptionFault } from './options-error.js';
import { show } from './show.js';
import { checkOptions } from './tables.js';

const list = (what: string) => thing('list', `a list of ${what}`, Array.isArray);
const token = (what: string) => thing('class | token', what, (value) => value !== null);

const ASYNC_TABLE = {
  useFactory: {
    kind: thing('function', 'a function that answers the options', (value) => typeof value === 'function'),
    neighbours: ['factory', 'use', 'options'],
  },
  useClass: { kind: token('a class with createSchedulerOptions()'), neighbours: ['class'] },
  useExisting: { kind: token('a token of a provider with createSchedulerOptions()'), neighbours: ['existing'] },
  inject: { kind: list('tokens'), neighbours: ['injects', 'deps', 'dependencies'] },
  imports: { kind: list('modules'), neighbours: ['modules'] },
  extraProviders: { kind: list('providers'), neighbours: ['providers'] },
} satisfies OptionTable;

const FOREIGN = {
  global: 'The module is global.',
  isGlobal: 'The module is global.',
  exports: 'The module exports what it has.',
  ...Object.fromEntries(
    Object.keys(MODULE_TABLE).map((name) => [
      name,
      'It belongs to the options that useFactory, useClass or useExisting makes.',
    ]),
  ),
};

/** Everything wrong with what `forRootAsync` is given, but how many ways to make the options there are. */
export function asyncOptionFaults(options: unknown): OptionFault[] {
  const place = 'SchedulerModule.forRootAsync';
  if (!isPlainObject(options)) {
    const message = `is ${show(options)}; it must be an object. Write { useFactory: () => ({ … }) }.`;
    return [{ place, option: '(all)', value: options, message }];
  }
  return checkOptions(options, '', ASYNC_TABLE, { foreign: FOREIGN }).map((it) => ({ place, ...it }));
}
