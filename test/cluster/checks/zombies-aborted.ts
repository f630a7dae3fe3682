import { wasStopped } from '../harness/chronicle.js';
import type { Story } from '../harness/cluster-run.js';

/** What contradicts: a handler whose process was stopped for longer than a lease sees its signal as soon as it wakes. */
export function zombiesAborted({ chronicle, evidence }: Story): string[] {
  return evidence
    .of('woke')
    .filter((mark) => wasStopped(chronicle, mark) && mark.detail !== 1)
    .map(({ job, run, at }) => `the handler of run ${run} of ${job} woke at ${at} and was not aborted`);
}
