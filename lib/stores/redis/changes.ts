import { HEARD_WITHIN } from '../../core/index.js';
import type { Instant, Millis } from '../../core/index.js';
import { ByteWriter } from './byte-writer.js';
import { encodeKind, writeHot, writeOwn } from './job-text.js';
import type { JobKind, OwnPart, StoredJob } from './job-text.js';
import { pack, packed, Packed } from './pack.js';
import type { Packable } from './pack.js';
import { MOST_ARGUMENTS, WrittenCommands } from './written-commands.js';

const HOT_ROWS = ':hot';
const PACKS = ':pack';
const LANE = ':due:';

/** What a step wants written, and what it went by. One commit writes all of it or nothing. */
export class Changes {
  private readonly jobs: string[] = [];
  private readonly versions: string[] = [];
  private readonly runs: string[] = [];
  private readonly heads: string[] = [];
  private readonly hashes = new Map<string, Map<string, string | null>>();
  private readonly sorted = new Map<string, Map<string, Instant | null>>();
  private readonly others: string[][] = [];
  /** Rows of jobs of which nothing else is said in this step. */
  private readonly plain = new WrittenCommands();
  /** How these must begin now, and whom that is for. */
  private plainStarts: ByteWriter | null = null;
  private readonly plainOwners: unknown[] = [];
  private readonly kinds = new Map<string, { by: number; kind: JobKind | null }>();
  private readonly buffered: Record<'adds' | 'drops', string[]> = { adds: [], drops: [] };
  private readonly freed = new Map<string, number>();
  /** An instant and runs: their leases must have ended by then. */
  private readonly ended: string[] = [];
  /** Runs that go, whatever they are by now. */
  private readonly unread: string[] = [];
  private readonly jobOwners: unknown[] = [];
  private readonly runOwners: unknown[] = [];
  /** When the first claim is due that is taken back: what comes later than a message before counts for nothing. */
  private before: Instant = Infinity;
  /** Set on the claim's batch: the commit counts only while nobody has put it back. */
  batch = '';
  /** The last step to look out for, when the batch was taken: where it is the last one still, its jobs are as they were. */
  since = '';
  /** On the monotonic clock: when it was decided what is taken back. */
  decidedAt: Millis = 0;
  /** Jobs come or go. */
  movesIds = false;
  /** Whatever the next guards are for. */
  owner: unknown = null;

  /** @param room what falls due so long after it was decided is left alone, that it may be worked out meanwhile */
  constructor(readonly room: Millis = 0) {}

  get isEmpty(): boolean {
    return this.hashes.size + this.sorted.size + this.others.length + this.plainOwners.length === 0;
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

  /** Claims that are due at `instant`, or later, are taken back. */
  dueBy(instant: Instant): void {
    this.before = Math.min(this.before, instant);
  }

  get takesBack(): boolean {
    return this.before < Infinity;
  }

  /** A run goes, and its place in the order of history. */
  deleteRun(id: string): void {
    this.unread.push(id);
    this.field('run', id, null);
    this.member('time', id, null);
  }

  /** Whom the guards were for that a commit names as failed. */
  ownersOf(failed: readonly string[]): Set<unknown> {
    const owners = new Set<unknown>();
    for (const name of failed) {
      const at = Number(name.slice(1)) - 1;
      if (name.startsWith('j')) owners.add(this.jobOwners[at]);
      else if (name.startsWith('p')) owners.add(this.plainOwners[at]);
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

  /** The row of a job, whose definition stays. `was`: the version that it must have now; null: there must be no such job. */
  plainJob(key: string, was: number | null, job: StoredJob): void {
    this.plainOwners.push(this.owner);
    const starts = (this.plainStarts ??= ByteWriter.ofList());
    starts.begin();
    if (was !== null) starts.number(was);
    starts.end();
    const rows = this.plain.of('HSET', HOT_ROWS);
    rows.string(key);
    rows.begin();
    writeHot(rows, job);
    rows.end();
  }

  plainDefinition(key: string, own: OwnPart): void {
    const rows = this.plain.of('HSET', ':own');
    rows.string(key);
    rows.begin();
    writeOwn(rows, own);
    rows.end();
  }

  /** When a job is due that is in no lane now. */
  plainPlace(lane: string, key: string, at: Instant): void {
    const rows = this.plain.of('ZADD', `:due:${lane}`);
    rows.begin();
    rows.digits(at);
    rows.end();
    rows.begin();
    rows.part('j');
    rows.part(key);
    rows.end();
  }

  /** Where the next pack of runs is written to: its name, and its text. */
  packs(): ByteWriter {
    return this.plain.of('HSET', PACKS);
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

  /** @param isServerTimed the server's clock says when claims are due */
  packed(id: string, isServerTimed: boolean): Buffer {
    const { jobs, versions, runs, heads, batch } = this;
    const before = isServerTimed && this.takesBack ? String(this.before - HEARD_WITHIN) : '';
    const { adds, drops } = this.buffered;
    const lanes = this.plain.keys().filter((key) => key.startsWith(LANE));
    for (const key of lanes) this.command('SADD', ':lanes', key.slice(LANE.length));
    const writes: Packable[] = [...this.plain.packable(HOT_ROWS), ...this.others];
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
    const guards = [id, packed([jobs, versions]), this.since, runs, heads, batch];
    this.plainStarts?.endList(this.plainOwners.length);
    const starts = this.plainStarts === null ? packed([]) : new Packed(this.plainStarts);
    return pack([...guards, writes, adds, drops, this.ended, this.unread, before, starts]);
  }
}

interface Commands {
  readonly key: string;
  readonly set: 'HSET' | 'ZADD';
  readonly unset: 'HDEL' | 'ZREM';
}

function split(
  writes: Packable[],
  changes: ReadonlyMap<string, string | number | null>,
  { key, set, unset }: Commands,
): void {
  let sets: string[] | null = null;
  let unsets: string[] | null = null;
  // No iterator: that makes a pair for each.
  changes.forEach((value, name) => {
    if (value === null) {
      if (unsets === null || unsets.length >= MOST_ARGUMENTS) writes.push((unsets = [unset, key]));
      unsets.push(name);
      return;
    }
    if (sets === null || sets.length >= MOST_ARGUMENTS) writes.push((sets = [set, key]));
    if (set === 'HSET') sets.push(name, value as string);
    else sets.push(String(value), name);
  });
}
