import type { Story } from '../harness/cluster-run.js';
import { groupBy } from '../harness/group-by.js';
import type { JobFacts, RecurringJob, RunFacts } from '../node/settings.js';

/** What contradicts: each fire time of a recurring job has one run or one record that says why not, none twice, none early. */
export function fireTimesCovered(story: Story): string[] {
  const jobs = new Map(story.results.jobs.map((job) => [job.id, job]));
  const runs = groupBy(story.results.runs, (run) => run.jobId);
  const wrong = story.recurring.flatMap((job) => {
    const facts = jobs.get(job.id);
    if (facts === undefined) return [`${job.id} is not in the store`];
    return wrongIn(job, facts, runs.get(job.id) ?? []);
  });
  return [...wrong, ...early(story)].slice(0, 50);
}

function wrongIn(job: RecurringJob, facts: JobFacts, runs: readonly RunFacts[]): string[] {
  // Quarantined: it makes no runs any more, and what was lost three times is checked with the outcomes.
  if (facts.pausedBy !== null) return [];
  const expected = gridOf(job, facts.createdAt);
  const covered = runs.flatMap((run) => gridOf(job, run.firstFireTime - 1, run.fireTime).map(() => run));
  const isRest = covered.length === expected.length && new Set(covered.map(spanOf)).size === runs.length;
  const spans = [...runs].sort((a, b) => a.firstFireTime - b.firstFireTime);
  const gaps = spans.flatMap((run, index) => gapBefore(job, run, spans[index - 1]));
  const reasons = runs.filter((run) => run.state === 'skipped' && run.reason !== 'overlap');
  const wrong = [...gaps, ...reasons.map((run) => `${spanOf(run)} skipped for ${run.reason}`)];
  if (!isRest) wrong.push(`${covered.length} fire times covered, ${expected.length} expected`);
  if (isStrict(job)) wrong.push(...runs.filter((run) => run.count > 1 || run.state === 'skipped').map(spanOf));
  return wrong.map((what) => `${job.id}, each ${job.everyMs} ms: ${what}`);
}

/** Each of its fire times makes a run of its own. */
function isStrict(job: RecurringJob): boolean {
  return job.policy.coalesce === false;
}

function gapBefore(job: RecurringJob, run: RunFacts, before: RunFacts | undefined): string[] {
  if (before === undefined) return [];
  const step = run.firstFireTime - before.fireTime;
  return step === job.everyMs ? [] : [`${step} ms between ${spanOf(before)} and ${spanOf(run)}`];
}

function spanOf(run: RunFacts): string {
  return `${run.state} ${run.firstFireTime} to ${run.fireTime} (${run.count})`;
}

/** Fire times after `after`, up to `until`. */
function gridOf({ start, end, everyMs }: RecurringJob, after: number, until = end): number[] {
  const first = Math.max(0, Math.floor((after - start) / everyMs) + 1);
  const times: number[] = [];
  for (let time = start + first * everyMs; time <= Math.min(until, end); time += everyMs) times.push(time);
  return times;
}

/** What half of the quickest round trip may be, ms: by so much the time of a server is not known. */
const ROUND_TRIP = 10;

/** Never before its time, by the clock that all processes of this machine share. */
function early({ evidence }: Story): string[] {
  return evidence
    .of('start')
    .filter(({ at, fireTime }) => at < fireTime - ROUND_TRIP)
    .map(({ job, at, fireTime }) => `${job} ran ${fireTime - at} ms before ${fireTime}`);
}
