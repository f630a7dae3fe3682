import { SchedulerError } from '../../core/index.js';
import { InvalidOptionsError } from '../options/index.js';
import type { OptionFault } from '../options/index.js';

/** Where something is made, and the option that its refusal is about where the error names none. */
export interface FaultSpot {
  readonly place: string;
  readonly option?: string;
}

/** Runs `make`; what is refused becomes faults, so that all of them are told at once. */
export function collecting<T>(
  faults: OptionFault[],
  { place, option = 'trigger' }: FaultSpot,
  make: () => T,
): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SchedulerError)) throw error;
    if (error instanceof InvalidOptionsError) faults.push(...error.faults);
    else faults.push({ place, option, value: undefined, message: `is refused: ${error.message}` });
    return null;
  }
}
