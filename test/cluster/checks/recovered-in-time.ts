import type { Story } from '../harness/cluster-run.js';
import type { Attempt } from '../harness/evidence-book.js';

const LEASE = 10_000;
const WITHIN = LEASE + 1_000;
const FIRST_LOSS = /\(loss 1 in a row\)/;

/** A run that its process took with it, and when another process began it anew. */
export interface Recovery {
  readonly run: string;
  readonly job: string;
  /** After the kill, ms; Infinity: never. */
  readonly afterMs: number;
  /** How late the loops of the others were at that time: no fault of the scheduler's. */
  readonly latenessMs: number;
}

/** Recoveries after each kill that no outage of the store came near: for a lease after one, nobody takes over anything. */
export function recoveries(story: Story): Recovery[] {
  return story.chronicle.kills
    .filter(({ at }) => story.chronicle.outages.every(({ from, to }) => to + LEASE < at || from > at + WITHIN))
    .flatMap(({ at, pid }) => heldAt(story, at, pid).map((attempt) => recoveryOf(story, attempt, at)));
}

/** What contradicts: what a killed process held runs again within a lease and a second. */
export function recoveredInTime(story: Story): string[] {
  return recoveries(story)
    .filter(({ afterMs, latenessMs }) => afterMs > WITHIN + latenessMs)
    .map(
      ({ run, job, afterMs, latenessMs }) =>
        `run ${run} of ${job} was begun anew ${afterMs} ms after the kill (${latenessMs} late)`,
    );
}

/** Attempts that were open then, of jobs that lost nothing before: after a second loss the next try waits at random. */
function heldAt({ evidence }: Story, at: number, pid: number): Attempt[] {
  const again = new Set(
    evidence.events('run.lost').flatMap((mark) => (FIRST_LOSS.test(String(mark.detail)) ? [] : [mark.run])),
  );
  const first = [...evidence.attempts.values()].map((attempts) => attempts[0]);
  return first.filter(
    ({ start, end }) => start.pid === pid && start.at < at && end === undefined && !again.has(start.run),
  );
}

function recoveryOf({ evidence, chronicle }: Story, { start }: Attempt, killedAt: number): Recovery {
  const next = evidence.attempts.get(start.run)![1];
  const afterMs = next === undefined ? Infinity : next.start.at - killedAt;
  const stopped = new Set(chronicle.freezes.map(({ pid }) => pid));
  const latenessMs = evidence.lateness(killedAt, killedAt + WITHIN, stopped);
  return { run: start.run, job: start.job, afterMs, latenessMs };
}
