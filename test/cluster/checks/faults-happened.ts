import { wasStopped } from '../harness/chronicle.js';
import type { Story } from '../harness/cluster-run.js';

/** A cut takes a moment, a restart as long as the plan says. */
const SHORTEST_RESTART = 500;

/** Why this run proves nothing: what was to be survived did not come about. */
export function faultsHappened({ chronicle, evidence, hasServer, recurring, results }: Story): string[] {
  const recovered = [...evidence.attempts.values()].filter((attempts) => attempts.length > 1).length;
  const facts: readonly [string, boolean][] = [
    ['no process was killed', chronicle.kills.length === 0],
    ['no process was stopped', chronicle.freezes.length === 0],
    ['no run was taken over', recovered === 0],
    ['no handler was stopped with its process', !evidence.of('woke').some((mark) => wasStopped(chronicle, mark))],
    ['no live lease was ever seen', chronicle.liveRunsSeen === 0],
    ['no connection was cut', hasServer && chronicle.cuts.every((count) => count === 0)],
    [
      'the server was not restarted',
      hasServer && !chronicle.outages.some(({ from, to }) => to - from >= SHORTEST_RESTART),
    ],
    ['jobs are missing', results.jobs.length < recurring.length],
  ];
  return facts.filter(([, isSo]) => isSo).map(([what]) => what);
}
