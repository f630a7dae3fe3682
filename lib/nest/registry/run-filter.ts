import type { RunFilter } from '../../core/index.js';
import { readInstant } from '../options/units.js';
import type { InstantInput } from '../options/inputs.js';
import type { RunListFilter } from './registry-options.js';

const PAGE = 50;

/** The engine's form of a checked filter. */
export function runFilter(filter: RunListFilter, zone: string): RunFilter & { readonly store?: string } {
  const { state, from, to, limit = PAGE, ...same } = filter;
  return {
    ...same,
    limit,
    ...(state === undefined ? {} : { states: typeof state === 'string' ? [state] : state }),
    ...(from === undefined ? {} : { from: instantOf(from, zone) }),
    ...(to === undefined ? {} : { to: instantOf(to, zone) }),
  };
}

function instantOf(value: InstantInput, zone: string): number {
  return readInstant(value, zone) as number;
}
