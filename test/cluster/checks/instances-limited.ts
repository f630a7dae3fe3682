import type { Story } from '../harness/cluster-run.js';
import { groupBy } from '../harness/group-by.js';
import type { Attempt } from '../harness/evidence-book.js';

/** What contradicts: no more handlers of a job at once than `maxInstances`, but those whose process was dead or stopped. */
export function instancesLimited(story: Story): string[] {
  const limits = new Map(story.results.jobs.map((job) => [job.id, job.maxInstances]));
  const byJob = groupBy([...story.evidence.attempts.values()].flat(), ({ start }) => start.job);
  const wrong = [...byJob].flatMap(([job, attempts]) => {
    const most = mostAtOnce(attempts.map((attempt) => spanOf(attempt, story)));
    const limit = limits.get(job) ?? 1;
    return most > limit ? [`${job}: ${most} handlers at once, it may have ${limit}`] : [];
  });
  return [...story.chronicle.tooMany, ...wrong].slice(0, 50);
}

type Span = readonly [from: number, to: number];

/** A process that got no time for so long may have lost a claim by that, ms. */
const STANDSTILL = 3_000;
/** Between two looks of a process at its own lateness, ms. */
const LOOK = 50;
/** An aborted handler had lost its claim before it saw that, ms. */
const SEEN_WITHIN = 500;

/**
 * While its claim was its process's: until its end; where the process was killed, stopped or got no time for long, until
 * then, for its lease went on alone.
 */
function spanOf({ start, end }: Attempt, { chronicle, evidence }: Story): Span {
  const { at, pid } = start;
  const killed = chronicle.kills.find((kill) => kill.pid === pid)?.at ?? Infinity;
  const frozen = chronicle.freezes.find((freeze) => freeze.pid === pid && freeze.from >= at)?.from ?? Infinity;
  const stoodStill = evidence.standstills(pid, STANDSTILL).find((from) => from >= at - LOOK) ?? Infinity;
  const ended = end === undefined ? Infinity : end.at - (end.kind === 'aborted' ? SEEN_WITHIN : 0);
  return [at, Math.max(at, Math.min(ended, killed, frozen, stoodStill))];
}

function mostAtOnce(spans: readonly Span[]): number {
  // At the same millisecond an end comes before a start.
  const steps = spans.flatMap(([from, to]) => [[from, 1] as const, [to, -1] as const]);
  steps.sort(([a, up], [b, down]) => a - b || up - down);
  let now = 0;
  let most = 0;
  for (const [, step] of steps) most = Math.max(most, (now += step));
  return most;
}
