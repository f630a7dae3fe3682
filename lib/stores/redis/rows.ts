import type { JobRecord, Millis, RunRecord } from '../../core/index.js';
import { DEFAULT_POLICY } from '../../core/index.js';
import { decodeHot, decodeKind, decodeLosses, decodeOwn, jobOf, readHot, readOwn } from './job-text.js';
import type { HotPart, JobKind, OwnPart, StoredJob } from './job-text.js';
import { LINE_END, LineReader, textOf } from './lines.js';
import { pack } from './pack.js';
import type { Packable } from './pack.js';
import { RecentMap } from './recent-map.js';
import type { RedisLink } from './redis-link.js';
import { idsOf, isRunId } from './run-ids.js';
import { decodeRun, isSettledState } from './run-text.js';

export type Text = string | null;

/** Rows of jobs as a script answers them. */
export interface JobRows {
  readonly keys: readonly string[];
  readonly hots: readonly Text[];
  readonly owns: readonly Text[];
  readonly losses: readonly Text[];
}

/** Ids in order, as they were at a revision of the list. */
export interface IdList {
  readonly revision: string;
  /** By what they were looked for, and when; null: they are all there are. */
  readonly found: { readonly by: string; readonly at: Millis } | null;
  readonly ids: readonly string[];
}

/** Filters that found nothing when the last commit had this name. */
export interface NoJobs {
  readonly changed: string;
  readonly filters: Set<string>;
}

/** The same as a script answers very many: as texts that hold many each. */
export interface JobLists {
  readonly keys: readonly string[];
  readonly hots: readonly string[];
  readonly owns: readonly string[];
  /** Nothing where no job has any. */
  readonly losses: readonly string[];
}

/** What a script puts between the texts of a list; an empty one stands for none. */
export const LIST_MARK = '\x1e';

/** A job with its unsettled runs. */
export interface JobWithRuns {
  readonly job: StoredJob;
  readonly unsettled: readonly RunRecord[];
}

/** Kinds are few; a program that makes up new ones with each job must not fill the memory. */
const MOST_KINDS = 10_000;
const KEPT_DEFINITIONS = 20_000;
const NO_RUNS: readonly RunRecord[] = [];
const NO_TEXTS: readonly string[] = [];

interface KnownDefinition {
  readonly text: string;
  readonly own: OwnPart;
}

/** Reads rows. What never changes under its name is remembered. */
export class Rows {
  private readonly kinds = new Map<string, JobKind>();
  /** Of the job that was read last: most are of the same. */
  private likelyKind = '';
  /** Of the page that was read last, those that must be learned first. */
  private readonly unknown = new Set<string>();
  private readonly hotLines = new LineReader();
  private readonly ownLines = new LineReader();
  private readonly definitions = new RecentMap<string, KnownDefinition>(KEPT_DEFINITIONS);
  /** Runs of this node that its jobs will be asked about with their next fire time: true once they are closed. */
  private readonly ownRuns = new RecentMap<string, boolean>(KEPT_DEFINITIONS);
  /** Kept while somebody reads it page by page. */
  idList: IdList | null = null;
  /** Questions that no job answered, as of a commit. */
  none: NoJobs | null = null;

  constructor(readonly link: RedisLink) {}

  pack(value: Packable): Buffer {
    return pack(value);
  }

  /** Those that are there. */
  async jobs(ids: readonly string[], withRuns: boolean): Promise<JobWithRuns[]> {
    if (ids.length === 0) return [];
    const [hots, owns, losses] = (await this.link.run('readJobs', this.pack(ids))) as Text[][];
    const jobs = await this.decodeJobs({ keys: ids, hots, owns, losses });
    const open = withRuns ? jobs.map((job) => job.open).join('') : '';
    const runs = open === '' ? null : byJob(await this.unsettled(idsOf(open)));
    return jobs.map((job) => ({ job, unsettled: runs?.get(job.record.id) ?? NO_RUNS }));
  }

  /** Names of the kinds that are not wanted, and how many there are in all, which is few. */
  async kindsBut(isWanted: (kind: JobKind) => boolean): Promise<{ unwanted: string[]; count: number }> {
    const names = await this.link.command((client) => client.hkeys(`${this.link.base}:kind`));
    await this.learn(names.filter((name) => !this.kinds.has(name)));
    // Jobs of one that cannot be read stand in as damaged ones, whose kind is none.
    const isUnwanted = (kind: JobKind | undefined): boolean => kind !== undefined && !isWanted(kind);
    return { unwanted: names.filter((name) => isUnwanted(this.kinds.get(name))), count: names.length };
  }

  /** Something was changed here: what was found before is not gone by any more. */
  forgetFound(): void {
    if (this.idList?.found) this.idList = null;
  }

  /** This node has claimed a run of a job that goes on. */
  noteOwnRun(id: string): void {
    this.ownRuns.set(id, false);
  }

  /** A run was closed here, for good. */
  noteClosed(id: string): void {
    if (this.ownRuns.get(id) === false) this.ownRuns.set(id, true);
  }

  /** Of ids in a row those of runs that are not known to be closed. */
  withoutClosed(ids: string): string {
    let left = '';
    for (const id of idsOf(ids)) if (this.ownRuns.get(id) !== true) left += id;
    return left;
  }

  /** Of these runs those that have not ended, in order. */
  async unsettled(ids: readonly string[]): Promise<RunRecord[]> {
    const runs = await this.runs(ids);
    return runs.filter((run): run is RunRecord => run !== null && !isSettledState(run.state));
  }

  async runs(ids: readonly string[]): Promise<(RunRecord | null)[]> {
    if (ids.length === 0) return [];
    const [texts, leases] = (await this.link.run('readRuns', this.pack(ids))) as Text[][];
    return ids.map((id, index) => runOf(id, texts[index], leases[index] ?? null));
  }

  /** Rows without text are left out; what cannot be read stands in as a damaged job (P23). */
  async decodeJobs(rows: JobRows): Promise<StoredJob[]> {
    return (await this.decodeInOrder(rows)).filter((job) => job !== null);
  }

  /** The same of lists that came as texts, each of many rows, definitions or losses. null: not there. */
  async decodeLists(lists: JobLists): Promise<readonly (StoredJob | null)[]> {
    const { keys } = lists;
    let jobs = this.decodeParts(lists);
    if (jobs !== null && this.unknown.size > 0) {
      await this.learn([...this.unknown]);
      jobs = this.decodeParts(lists);
    }
    if (jobs !== null) return jobs;
    const [hots, owns, losses] = (await this.link.run('readJobs', this.pack(keys))) as Text[][];
    return await this.decodeInOrder({ keys, hots, owns, losses });
  }

  /** null: the marks are not where they should be, for a row that was damaged holds one, too. Notes kinds that are not known. */
  private decodeParts({ keys, hots, owns, losses }: JobLists): (StoredJob | null)[] | null {
    const lost = losses.length === 0 ? NO_TEXTS : losses.join(LIST_MARK).split(LIST_MARK);
    const jobs: (StoredJob | null)[] = [];
    this.unknown.clear();
    for (let part = 0; part < hots.length; part++) {
      const [hot, own] = [hots[part], owns[part]];
      let [hotAt, ownAt] = [0, 0];
      while (hotAt <= hot.length && ownAt <= own.length && jobs.length < keys.length) {
        const [hotEnd, ownEnd] = [endOf(hot, hotAt), endOf(own, ownAt)];
        this.hotLines.begin(hot, hotAt, hotEnd);
        this.ownLines.begin(own, ownAt, ownEnd);
        jobs.push(this.decodeLines(keys[jobs.length], lost[jobs.length] ?? ''));
        hotAt = hotEnd + 1;
        ownAt = ownEnd + 1;
      }
      if (hotAt <= hot.length || ownAt <= own.length) return null;
    }
    return jobs.length === keys.length ? jobs : null;
  }

  /** The job whose rows the two readers have begun with. */
  private decodeLines(key: string, losses: string): StoredJob | null {
    const { hotLines, ownLines } = this;
    if (hotLines.isEmpty) return null;
    const id = textOf(key);
    try {
      const hot = readHot(hotLines, this.likelyKind);
      this.likelyKind = hot.kind;
      const kind = this.kinds.get(hot.kind);
      if (kind === undefined) {
        this.unknown.add(hot.kind);
      } else if (!ownLines.isEmpty) {
        const own = hot.runCount === 0 ? readOwn(ownLines) : this.ownOf(key, ownLines.row, hot);
        return jobOf({ id, hot, own, kind, losses: decodeLosses(losses, hot.generation) });
      }
    } catch {
      // It stands in as a damaged one.
    }
    return damaged(id, hotLines.row);
  }

  private async decodeInOrder(rows: JobRows): Promise<(StoredJob | null)[]> {
    const hots = rows.hots.map((hot) => (hot === null ? null : this.hotOf(hot)));
    await this.learnKinds(hots);
    return hots.map((hot, index) => {
      if (rows.hots[index] === null) return null;
      const id = textOf(rows.keys[index]);
      return (hot === null ? null : this.decodeJob(rows, index, { id, hot })) ?? damaged(id, rows.hots[index]);
    });
  }

  private hotOf(text: string): HotPart | null {
    try {
      const hot = decodeHot(text, this.likelyKind);
      this.likelyKind = hot.kind;
      return hot;
    } catch {
      return null;
    }
  }

  private decodeJob(rows: JobRows, index: number, { id, hot }: { id: string; hot: HotPart }): StoredJob | null {
    const kind = this.kinds.get(hot.kind);
    const text = rows.owns[index];
    if (kind === undefined || text === null) return null;
    try {
      const losses = decodeLosses(rows.losses[index] ?? '', hot.generation);
      return jobOf({ id, hot, own: this.ownOf(rows.keys[index], text, hot), kind, losses });
    } catch {
      return null;
    }
  }

  /** A job that never ran may be one of very many that run once. */
  private ownOf(key: string, text: string, hot: HotPart): OwnPart {
    if (hot.runCount === 0) return decodeOwn(text);
    const known = this.definitions.get(key);
    if (known !== undefined && known.text === text) return known.own;
    const own = decodeOwn(text);
    this.definitions.set(key, { text, own });
    return own;
  }

  private async learnKinds(hots: readonly (HotPart | null)[]): Promise<void> {
    let unknown: Set<string> | null = null;
    let last = '';
    for (const hot of hots) {
      if (hot === null || hot.kind === last) continue;
      last = hot.kind;
      if (!this.kinds.has(last)) (unknown ??= new Set<string>()).add(last);
    }
    if (unknown !== null) await this.learn([...unknown]);
  }

  private async learn(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const texts = await this.link.command((client) => client.hmget(`${this.link.base}:kind`, ...names));
    if (this.kinds.size > MOST_KINDS) this.kinds.clear();
    names.forEach((name, index) => this.learnKind(name, texts[index]));
  }

  private learnKind(name: string, text: Text): void {
    if (text === null) return;
    try {
      this.kinds.set(name, decodeKind(text));
    } catch {
      // Its jobs stand in as damaged ones.
    }
  }
}

export function decodeRuns(ids: readonly string[], texts: readonly Text[], leases: readonly Text[]): RunRecord[] {
  const runs: RunRecord[] = [];
  for (let index = 0; index < ids.length; index++) {
    const run = runOf(ids[index], texts[index], leases[index] ?? null);
    if (run !== null) runs.push(run);
  }
  return runs;
}

export function byJob(runs: readonly RunRecord[]): Map<string, RunRecord[]> {
  const found = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const list = found.get(run.jobId);
    if (list === undefined) found.set(run.jobId, [run]);
    else list.push(run);
  }
  return found;
}

function runOf(id: string, text: Text, lease: Text): RunRecord | null {
  if (text === null) return null;
  try {
    return decodeRun(id, text, lease === null ? null : Number(lease));
  } catch {
    return null;
  }
}

/** Where the text of a list ends that begins here. */
function endOf(list: string, from: number): number {
  const mark = list.indexOf(LIST_MARK, from);
  return mark < 0 ? list.length : mark;
}

/** Shown, kept, and never claimed. */
function damaged(id: string, hot: string): StoredJob {
  const [version, generation] = hot.split(LINE_END, 2).map(Number);
  const record: JobRecord = {
    ...{ id, name: null, description: null, tags: [], origin: 'runtime', task: '', args: [], trigger: '{}' },
    ...{ timezone: 'UTC', policy: DEFAULT_POLICY, hooks: null, triggerFingerprint: '', restFingerprint: '' },
    ...{ generation: generation || 0, version: version || 0 },
    ...{ status: 'unresolved', statusReason: 'its row cannot be read', statusAt: null, pause: null },
    ...{ fireTime: null, dueAt: null, runCount: 0, losses: 0, appVersion: '', createdAt: 0, updatedAt: 0 },
  };
  return { record, lastFireTime: null, ...readableIn(hot), isDamaged: true, hot };
}

/** What goes with a damaged job when it is removed, as far as that can be told. */
function readableIn(hot: string): Pick<StoredJob, 'recent' | 'open' | 'kind'> {
  try {
    const { recent, open, kind } = decodeHot(hot, '');
    if (idsOf(recent + open).every(isRunId)) return { recent, open, kind };
  } catch {
    // Its runs stay until history is pruned.
  }
  return { recent: '', open: '', kind: '' };
}
