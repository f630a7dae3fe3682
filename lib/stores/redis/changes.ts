import type { Instant } from '../../core/index.js';
import { encodeKind } from './job-text.js';
import type { JobKind } from './job-text.js';
import type { Packable } from './pack.js';

/** Arguments of one command, at most: a script can hand over so many. */
const MOST_ARGUMENTS = 4_000;

/** What a step wants written, and what it went by. One commit writes all of it or nothing. */
export class Changes {
  private readonly jobs: string[] = [];
  private readonly versions: string[] = [];
  private readonly runs: string[] = [];
  private readonly heads: string[] = [];
  private readonly hashes = new Map<string, Map<string, string | null>>();
  private readonly sorted = new Map<string, Map<string, Instant | null>>();
  private readonly others: string[][] = [];
  private readonly kinds = new Map<string, { by: number; kind: JobKind | null }>();
  private readonly buffered: Record<'adds' | 'drops', string[]> = { adds: [], drops: [] };
  private readonly freed = new Map<string, number>();
  /** An instant and runs: their leases must have ended by then. */
  private readonly ended: string[] = [];
  private readonly jobOwners: unknown[] = [];
  private readonly runOwners: unknown[] = [];
  /** Set on the claim's batch: the commit counts only while nobody has put it back. */
  batch = '';
  /** Jobs come or go. */
  movesIds = false;
  /** Whatever the next guards are for. */
  owner: unknown = null;

  get isEmpty(): boolean {
    return this.hashes.size + this.sorted.size + this.others.length === 0;
  }

  /** `start` is how the job's row must begin; nothing: there must be none. */
  guardJob(id: string, start: string): void {
    this.jobs.push(id);
    this.versions.push(start);
    this.jobOwners.push(this.owner);
  }

  guardRun(id: string, start: string): void {
    this.runs.push(id);
    this.heads.push(start);
    this.runOwners.push(this.owner);
  }

  /** What the commit takes over is nobody's any more: no lease of these runs goes on after `at`. */
  guardEnded(at: Instant, runs: readonly string[]): void {
    this.ended.push(String(at), ...runs);
  }

  /** Whom the guards were for that a commit names as failed. */
  ownersOf(failed: readonly string[]): Set<unknown> {
    const owners = new Set<unknown>();
    for (const name of failed) {
      const at = Number(name.slice(1)) - 1;
      if (name.startsWith('j')) owners.add(this.jobOwners[at]);
      else if (name.startsWith('r')) owners.add(this.runOwners[at]);
    }
    return owners;
  }

  /** null deletes the field. */
  field(hash: string, name: string, value: string | null): void {
    let fields = this.hashes.get(hash);
    if (fields === undefined) this.hashes.set(hash, (fields = new Map<string, string | null>()));
    fields.set(name, value);
  }

  /** null takes the member out. */
  member(set: string, name: string, score: Instant | null): void {
    let members = this.sorted.get(set);
    if (members === undefined) this.sorted.set(set, (members = new Map<string, Instant | null>()));
    members.set(name, score);
  }

  /** Takes a run into the list of its job's buffered ones, or out of it. */
  listed(change: 'adds' | 'drops', job: string, run: string): void {
    this.buffered[change].push(job, run);
  }

  /** Runs of one claim share its lease. */
  hold(claim: string, runs: readonly string[], until: Instant): void {
    this.field('held', claim, runs.join(''));
    this.field('leased', claim, String(runs.length));
    this.member('lease', `b${claim}`, until);
  }

  /** One run less is held by the claim it came with. */
  free(claim: string): void {
    this.freed.set(claim, (this.freed.get(claim) ?? 0) + 1);
  }

  /** Any other command; its second word is the rest of a key. */
  command(...words: string[]): void {
    this.others.push(words);
  }

  /** One job more (or less) is of this kind, which may not be known yet when it comes. */
  countKind(name: string, by: 1 | -1, kind: JobKind | null): void {
    const counted = this.kinds.get(name);
    if (counted === undefined) {
      this.kinds.set(name, { by, kind });
      return;
    }
    counted.by += by;
    counted.kind ??= kind;
  }

  packable(id: string): Packable {
    const { jobs, versions, runs, heads, batch } = this;
    const { adds, drops } = this.buffered;
    const writes = [...this.others];
    for (const [name, { by, kind }] of this.kinds) {
      writes.push(['KIND', name, String(by), kind === null ? '' : encodeKind(kind)]);
    }
    if (this.movesIds) writes.push(['INCR', ':revision']);
    for (const [claim, count] of this.freed) writes.push(['FREE', claim, String(count)]);
    for (const [hash, fields] of this.hashes) split(writes, fields, { key: `:${hash}`, set: 'HSET', unset: 'HDEL' });
    for (const [set, members] of this.sorted) {
      split(writes, members, { key: `:${set}`, set: 'ZADD', unset: 'ZREM' });
      if (set.startsWith('due:')) writes.push(['SADD', ':lanes', set.slice(4)]);
    }
    return [id, jobs, versions, runs, heads, batch, writes, adds, drops, this.ended];
  }
}

interface Commands {
  readonly key: string;
  readonly set: 'HSET' | 'ZADD';
  readonly unset: 'HDEL' | 'ZREM';
}

function split(
  writes: string[][],
  changes: ReadonlyMap<string, string | number | null>,
  { key, set, unset }: Commands,
): void {
  let sets: string[] | null = null;
  let unsets: string[] | null = null;
  for (const [name, value] of changes) {
    if (value === null) {
      if (unsets === null || unsets.length >= MOST_ARGUMENTS) writes.push((unsets = [unset, key]));
      unsets.push(name);
      continue;
    }
    if (sets === null || sets.length >= MOST_ARGUMENTS) writes.push((sets = [set, key]));
    if (set === 'HSET') sets.push(name, value as string);
    else sets.push(String(value), name);
  }
}
