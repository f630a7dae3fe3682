import type { HistoryPolicy, Instant, PruneRequest, RunRecord } from '../../core/index.js';
import { Changes } from './changes.js';
import type { Committer } from './committer.js';
import { HOT } from './job-text.js';
import { LINE_END, lineOf } from './lines.js';
import { readRuns } from './past.js';
import type { Rows } from './rows.js';
import { idsOf } from './run-ids.js';
import { idsAt, packOf } from './run-packs.js';
import { isSettledState } from './run-text.js';
import { RECENT_RUNS } from './write-draft.js';

/** Runs looked at in one step. */
const PAGE = 500;
/** Jobs looked at in one step. */
const JOBS_A_STEP = 200;

/** One round of deleting old runs, `limit` at most: by age over all jobs, then job by job where a bound is its own or a number. */
export class PruneStep {
  private left: number;

  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
    private readonly request: PruneRequest,
  ) {
    this.left = request.limit;
  }

  async run(): Promise<number> {
    const own = await this.ownPolicies();
    if (this.request.settledBefore !== null) await this.pruneByAge(this.request.settledBefore, own);
    for (const [key, policy] of own) {
      if (this.left > 0) await this.pruneJob(key, policy);
    }
    const { keepPerJob } = this.request;
    if (keepPerJob !== null) await this.pruneByCount(keepPerJob, own);
    return this.request.limit - this.left;
  }

  private async ownPolicies(): Promise<Map<string, HistoryPolicy>> {
    const { link } = this.rows;
    const all = await link.command((client) => client.hgetall(`${link.base}:kept`));
    return new Map(Object.entries(all).map(([key, text]) => [key, JSON.parse(text) as HistoryPolicy]));
  }

  /** Fire times are never later than the end of their runs: what was settled before an instant lies before it. */
  private async pruneByAge(before: Instant, own: ReadonlyMap<string, HistoryPolicy>): Promise<void> {
    const { link } = this.rows;
    for (let passed = 0; this.left > 0;) {
      const places = await link.command((client) =>
        client.zrangebyscore(`${link.base}:time`, '-inf', `(${before}`, 'LIMIT', passed, PAGE),
      );
      const runs = await readRuns(this.rows, places.flatMap(idsAt));
      const isOld = (run: RunRecord): boolean =>
        isSettledState(run.state) && run.settledAt! < before && (own.get(lineOf(run.jobId))?.age ?? null) === null;
      const old = runs.filter(isOld).slice(0, this.left);
      await this.delete(old);
      passed += placesLeft(places, runs, new Set(old));
      if (places.length < PAGE) return;
    }
  }

  /** A job with bounds of its own. */
  private async pruneJob(key: string, { age, count }: HistoryPolicy): Promise<void> {
    const settled = await this.settledOf(key);
    const kept = count ?? this.request.keepPerJob ?? Number.POSITIVE_INFINITY;
    const before = age === null ? (this.request.settledBefore ?? -1) : this.request.at - age;
    const surplus = settled.length - kept;
    await this.delete(settled.filter((run, at) => at < surplus || run.settledAt! < before));
  }

  private async pruneByCount(keep: number, own: ReadonlyMap<string, HistoryPolicy>): Promise<void> {
    const { link } = this.rows;
    // Jobs note themselves when they have more runs than their row names.
    const key = `${link.base}:${keep > RECENT_RUNS ? 'over' : 'hot'}`;
    const keys = await link.command((client) => (keep > RECENT_RUNS ? client.smembers(key) : client.hkeys(key)));
    const those = keys.filter((job) => !own.has(job));
    for (let from = 0; from < those.length && this.left > 0; from += JOBS_A_STEP) {
      await this.pruneJobs(those.slice(from, from + JOBS_A_STEP), keep);
    }
  }

  private async pruneJobs(keys: readonly string[], keep: number): Promise<void> {
    const counts = await this.counts(keys);
    const checked: string[] = [];
    for (const [at, key] of keys.entries()) {
      if (this.left <= 0) break;
      checked.push(key);
      const surplus = counts[at] - keep;
      if (surplus <= 0) continue;
      const oldest = keep > RECENT_RUNS ? await this.oldestOf(key, surplus) : await this.settledOf(key);
      await this.delete(oldest.slice(0, Math.max(0, keep > RECENT_RUNS ? surplus : oldest.length - keep)));
      if (this.left <= 0) checked.pop();
    }
    if (keep <= RECENT_RUNS || checked.length === 0) return;
    await this.rows.link.command((client) => client.srem(`${this.rows.link.base}:over`, ...checked));
  }

  /** How many settled runs each has, about: open ones are not counted. */
  private async counts(keys: readonly string[]): Promise<number[]> {
    const { link } = this.rows;
    const answers = await link.command((client) =>
      Promise.all([
        client.hmget(`${link.base}:open`, ...keys),
        client.hmget(`${link.base}:hot`, ...keys),
        ...keys.map((key) => client.llen(`${link.base}:past:${key}`)),
      ]),
    );
    const [open, hot, ...lengths] = answers;
    return keys.map((_, at) => {
      const recent = hot[at] === null ? [] : idsOf(recentOf(hot[at]));
      return lengths[at] + recent.length - idsOf(open[at] ?? '').length;
    });
  }

  private async oldestOf(key: string, count: number): Promise<RunRecord[]> {
    const { link } = this.rows;
    const ids = await link.command((client) => client.lrange(`${link.base}:past:${key}`, 0, count - 1));
    const runs = await readRuns(this.rows, ids);
    const there = new Set(runs.map((run) => run.id));
    const gone = ids.filter((id) => !there.has(id));
    if (gone.length > 0) {
      await link.command((client) => Promise.all(gone.map((id) => client.lrem(`${link.base}:past:${key}`, 1, id))));
    }
    return runs.filter((run) => isSettledState(run.state));
  }

  /** Oldest first. */
  private async settledOf(key: string): Promise<RunRecord[]> {
    const { link } = this.rows;
    const [past, hot] = await link.command((client) =>
      Promise.all([client.lrange(`${link.base}:past:${key}`, 0, -1), client.hget(`${link.base}:hot`, key)]),
    );
    const runs = await readRuns(this.rows, [...past, ...idsOf(hot === null ? '' : recentOf(hot))]);
    return runs.filter((run) => isSettledState(run.state)).sort((a, b) => a.settledAt! - b.settledAt!);
  }

  /** Answers how many it deleted. */
  private async delete(runs: readonly RunRecord[]): Promise<number> {
    const those = runs.slice(0, Math.max(0, this.left));
    if (those.length === 0) return 0;
    const changes = new Changes();
    for (const { id, jobId } of those) {
      changes.deleteRun(id);
      changes.command('LREM', `:past:${lineOf(jobId)}`, '1', id);
    }
    await this.committer.commit(changes);
    this.left -= those.length;
    return those.length;
  }
}

/** What is left of a pack, if some of it went, lies in places of its own. */
function placesLeft(places: readonly string[], runs: readonly RunRecord[], gone: ReadonlySet<RunRecord>): number {
  const packs = new Map<string, { left: number; isBroken: boolean }>();
  for (const run of runs) {
    const pack = packs.get(packOf(run.id)) ?? { left: 0, isBroken: false };
    packs.set(packOf(run.id), pack);
    if (gone.has(run)) pack.isBroken = true;
    else pack.left++;
  }
  let count = 0;
  const seen = new Set<string>();
  for (const place of places) {
    const [first] = idsAt(place);
    const pack = packs.get(packOf(first));
    if (seen.has(packOf(first))) continue;
    seen.add(packOf(first));
    // A place whose runs are not there stays, too.
    count += pack !== undefined && (pack.isBroken || first === place) ? pack.left : 1;
  }
  return count;
}

function recentOf(hot: string): string {
  return hot.split(LINE_END)[HOT.recent];
}
