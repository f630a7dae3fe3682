import type { JobPolicy } from '../../core/index.js';
import type { JobOptions } from './job-options.js';
import type { OptionFault } from './options-error.js';
import { conflict } from './kind.js';

/** Options of one job that the rest of its policy, defaults of the module included, leaves without effect. */
export function idleOptionFaults({ catchUpLimit }: JobOptions, policy: JobPolicy, place: string): OptionFault[] {
  if (catchUpLimit === undefined || !policy.coalesce) return [];
  const sentence =
    'counts only without coalescing, and missed fire times of this job become one run. Write coalesce: false, or leave it out.';
  return conflict('catchUpLimit', catchUpLimit, sentence).map((it) => ({ place, ...it }));
}
