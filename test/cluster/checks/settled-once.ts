import type { Story } from '../harness/cluster-run.js';
import { groupBy } from '../harness/group-by.js';
import type { Attempt } from '../harness/evidence-book.js';
import type { RunFacts } from '../node/settings.js';

/** What contradicts: each run that had to succeed did, once, by the handler that held it last, and never ran after that. */
export function settledOnce(story: Story): string[] {
  const paused = new Set(story.results.jobs.filter((job) => job.pausedBy !== null).map((job) => job.id));
  const runs = story.results.runs.filter((run) => run.state !== 'skipped' && !isLeft(run, paused));
  const known = new Set(runs.map((run) => run.id));
  return [
    ...runs.flatMap((run) => wrongEnd(run, story)),
    ...[...story.evidence.attempts.keys()].filter((id) => !known.has(id)).map(unknownRun),
    ...toldTwice(story),
    ...oneOffsMissing(story),
  ].slice(0, 50);
}

const LOSSES = 3;

function wrongEnd(run: RunFacts, story: Story): string[] {
  const attempts = story.evidence.attempts.get(run.id) ?? [];
  const name = `run ${run.id} of ${run.jobId} at ${run.fireTime} (${run.state}, token ${run.token})`;
  const text = `${name}: ${attempts.map(textOf).join('; ')}`;
  if (run.state === 'lost') return mayBeLost(run, story) ? [] : [`settled as lost too soon: ${text}`];
  if (run.state !== 'succeeded') return [`did not succeed: ${text}`];
  const ended = attempts.filter(({ start, end }) => end?.kind === 'end' && start.token === run.token);
  if (ended.length !== 1) return [`${ended.length} handlers of its token ended well: ${text}`];
  const last = attempts.at(-1)!;
  if (last.start.token > run.token) return [`settled by a token that was stale: ${text}`];
  const begun = ended[0].start;
  // A handler that begins after the one that took its run over: its node did not look whether it still had the claim.
  return attempts.some(({ start }) => start.token < begun.token && start.at > begun.at)
    ? [`begun by a stale token: ${text}`]
    : [];
}

/**
 * Each claim has a token of its own; one that was lost before its handler began left no evidence. What was buffered behind a
 * run that was lost so often, and goes on though the job is paused, is lost with its first loss: that is one more in a row.
 */
function mayBeLost(run: RunFacts, { results }: Story): boolean {
  const isCulprit = ({ state, token }: RunFacts): boolean => state === 'lost' && token > LOSSES;
  const isBefore = (other: RunFacts): boolean => other.jobId === run.jobId && other.fireTime < run.fireTime;
  return isCulprit(run) || results.runs.some((other) => isBefore(other) && isCulprit(other));
}

/** Buffered behind a run that was lost three times: its job is paused. */
function isLeft(run: RunFacts, paused: ReadonlySet<string>): boolean {
  return run.state === 'buffered' && paused.has(run.jobId);
}

function textOf({ start, end }: Attempt): string {
  return `${start.pid} token ${start.token} attempt ${start.attempt} ${start.at} to ${end ? `${end.kind} ${end.at}` : '?'}`;
}

function unknownRun(id: string): string {
  return `run ${id} was made, and the store does not know it`;
}

/** An engine that says twice that a run succeeded has settled it twice. */
function toldTwice({ evidence }: Story): string[] {
  const seen = new Set<string>();
  return evidence
    .events('run.succeeded')
    .filter(({ run }) => seen.size === seen.add(run).size)
    .map(({ run, job, pid }) => `run ${run} of ${job} was settled twice, the second time by ${pid}`);
}

function oneOffsMissing({ oneOffs, results }: Story): string[] {
  const runs = groupBy(results.runs, (run) => run.jobId);
  return oneOffs.flatMap(({ id, at }) => {
    const found = runs.get(id) ?? [];
    return found.length === 1 && found[0].fireTime === at ? [] : [`${id} for ${at} has ${found.length} runs`];
  });
}
