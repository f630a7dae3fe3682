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

/** Until its end; of a process that was killed or stopped, until then: its lease went on alone. */
function spanOf({ start, end }: Attempt, { chronicle }: Story): Span {
  const killed = chronicle.kills.find(({ pid }) => pid === start.pid)?.at ?? Infinity;
  const frozen = chronicle.freezes.find(({ pid, from }) => pid === start.pid && from >= start.at)?.from ?? Infinity;
  return [start.at, Math.min(end?.at ?? Infinity, killed, frozen)];
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
