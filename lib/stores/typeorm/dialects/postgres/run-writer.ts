import { KIND, REASON, STATE } from '../../codes.js';
import type { RunDraft } from '../../records.js';
import { canLieTogether } from '../server/known-batches.js';
import { booleans, jsonOf, numbers, texts } from './arrays.js';
import { Columns } from './columns.js';
import type { ClaimedBatches } from './claimed-batches.js';
import type { FreeJobs } from './free-jobs.js';
import type { Asked } from './job-list.js';
import type { Scope } from './scope.js';

/** Which of the runs were written, by key. */
type IsWritten = (key: number) => boolean;

const ALL: IsWritten = () => true;

interface Keyed {
  readonly key: number;
  readonly draft: RunDraft;
}

/** Writes new runs: claimed or waiting ones, and records of skipped ones. */
export class RunWriter {
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly free: FreeJobs,
    private readonly batches: ClaimedBatches,
  ) {
    this.tables = scope.place.tables;
  }

  async write(drafts: readonly RunDraft[], first: number): Promise<IsWritten> {
    const keyed = drafts.map((draft, index): Keyed => ({ key: first + index, draft }));
    const open = keyed.filter(({ draft }) => draft.state !== 'skipped');
    // A skip record that is not to be kept is not written.
    const skipped = keyed.filter(({ draft }) => draft.state === 'skipped' && draft.job.record.policy.keepHistory);
    if (skipped.length > 0) this.writeSkipped(skipped);
    const isWritten = open.length > 0 ? await this.writeOpen(open) : ALL;
    const texted = [...open, ...skipped].filter(({ draft, key }) => hasTexts(draft) && isWritten(key));
    if (texted.length > 0) this.writeTexts(texted);
    return isWritten;
  }

  /** Hopeful: nothing is in the way, and the statement fails when something is. Else it answers what it wrote. */
  private async writeOpen(keyed: readonly Keyed[]): Promise<IsWritten> {
    const claimed = keyed.find(({ draft }) => draft.claim !== null)?.draft;
    const nodeKey = claimed === undefined ? null : await this.scope.nodeKey(claimed.claim!.node, claimed.createdAt);
    const isHopeful = this.scope.isHopeful && keyed.every(({ draft }) => this.free.has(draft.job.key));
    if (isHopeful && keyed[keyed.length - 1].key - keyed[0].key === keyed.length - 1) {
      const drafts = keyed.map(({ draft }) => draft);
      if (canLieTogether(drafts)) {
        this.batches.write(drafts, keyed[0].key, nodeKey!);
        return ALL;
      }
    }
    const { text, values } = this.insertStatement(keyed, nodeKey, isHopeful);
    if (isHopeful) {
      const count = `$${values.push(keyed.length)}`;
      const checked = `WITH added AS (${text} RETURNING 1) SELECT 1 / (count(*) = ${count})::integer FROM added`;
      this.scope.statements.send(checked, values);
      return ALL;
    }
    const { rows } = await this.scope.statements.query(`${text} ON CONFLICT DO NOTHING RETURNING run_key`, values);
    const written = new Set(rows.map((row) => row[0]));
    return written.size === keyed.length ? ALL : (key) => !keyed.some((it) => it.key === key) || written.has(key);
  }

  private insertStatement(keyed: readonly Keyed[], nodeKey: number | null, isHopeful: boolean): Asked {
    const { tables } = this;
    const keys = numbers(keyed.map(({ key }) => key));
    const columns = new Columns([keys, this.scope.place.appKey, keyed[0].draft.createdAt]);
    const run = openColumns(columns, keyed, nodeKey);
    const alone = isHopeful
      ? `AND NOT EXISTS (SELECT 1 FROM ${tables}single_runs o WHERE o.job_key = ${run.job_key})`
      : '';
    const text = `INSERT INTO ${tables}single_runs (run_key, app_key, created_at, is_cancel_requested, ${Object.keys(run).join(', ')})
      SELECT u.run_key, $2::integer, $3::bigint, false, ${Object.values(run).join(', ')}
      FROM unnest(${columns.types}) u (${columns.names})
      WHERE NOT EXISTS (SELECT 1 FROM ${tables}runs r WHERE r.job_key = ${run.job_key} AND r.fire_time = ${run.fire_time}
        AND r.generation = ${run.generation} AND r.slot = ${run.slot}) ${alone}`;
    return { text, values: columns.values };
  }

  private writeSkipped(keyed: readonly Keyed[]): void {
    const { appKey } = this.scope.place;
    const { createdAt } = keyed[0].draft;
    this.scope.statements.send(
      `INSERT INTO ${this.tables}runs (app_key, created_at, settled_at, run_key, job_key, generation, fire_time,
         first_fire_time, due_at, shape_key, count, kind, reason, is_count_exact, is_forced, has_texts, state, attempt,
         token, is_cancel_requested)
       SELECT $1, $2, $2, u.*, ${STATE.skipped}, 0, 0, false
       FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::integer[],
         $10::integer[], $11::smallint[], $12::smallint[], $13::boolean[], $14::boolean[], $15::boolean[]) u`,
      [
        appKey,
        createdAt,
        numbers(keyed.map(({ key }) => key)),
        numbers(keyed.map(({ draft }) => draft.job.key)),
        numbers(keyed.map(({ draft }) => draft.job.record.generation)),
        numbers(keyed.map(({ draft }) => draft.fireTime)),
        numbers(keyed.map(({ draft }) => (draft.firstFireTime === draft.fireTime ? null : draft.firstFireTime))),
        numbers(keyed.map(({ draft }) => (draft.dueAt === draft.fireTime ? null : draft.dueAt))),
        numbers(keyed.map(({ draft }) => draft.job.shapeKey)),
        numbers(keyed.map(({ draft }) => draft.count)),
        numbers(keyed.map(({ draft }) => KIND[draft.kind])),
        numbers(keyed.map(({ draft }) => (draft.reason === null ? null : REASON[draft.reason]))),
        booleans(keyed.map(({ draft }) => draft.countIsExact)),
        booleans(keyed.map(({ draft }) => draft.forced)),
        booleans(keyed.map(({ draft }) => hasTexts(draft))),
      ],
    );
  }

  private writeTexts(keyed: readonly Keyed[]): void {
    this.scope.statements.send(
      `INSERT INTO ${this.tables}run_texts (run_key, args, detail)
       SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])`,
      [
        numbers(keyed.map(({ key }) => key)),
        texts(keyed.map(({ draft }) => jsonOf(draft.args))),
        texts(keyed.map(({ draft }) => draft.detail)),
      ],
    );
  }
}

/** How the statement names each column of an unsettled run. */
function openColumns(columns: Columns, keyed: readonly Keyed[], nodeKey: number | null) {
  const column = (name: string, type: string, of: (draft: RunDraft) => number | boolean | null): string =>
    columns.add(
      name,
      type,
      keyed.map(({ draft }) => of(draft)),
    );
  const isOnTime = keyed.every(({ draft }) => draft.dueAt === draft.fireTime);
  const fireTimes = column('fire_time', 'bigint', (draft) => draft.fireTime);
  return {
    job_key: column('job_key', 'bigint', (draft) => draft.job.key),
    generation: column('generation', 'bigint', (draft) => draft.job.record.generation),
    fire_time: fireTimes,
    due_at: isOnTime ? fireTimes : column('due_at', 'bigint', (draft) => draft.dueAt),
    wants_at: column('wants_at', 'bigint', wantsAt),
    lease_until: column('lease_until', 'bigint', (draft) => draft.claim?.leaseUntil ?? null),
    first_fire_time: column('first_fire_time', 'bigint', firstFireTime),
    shape_key: column('shape_key', 'integer', (draft) => draft.job.shapeKey),
    count: column('count', 'integer', (draft) => draft.count),
    kind: column('kind', 'smallint', (draft) => KIND[draft.kind]),
    state: column('state', 'smallint', (draft) => STATE[draft.state]),
    slot: column('slot', 'smallint', (draft) => (draft.kind === 'manual' ? null : 0)),
    is_count_exact: column('is_count_exact', 'boolean', (draft) => draft.countIsExact),
    is_forced: column('is_forced', 'boolean', (draft) => draft.forced),
    has_texts: column('has_texts', 'boolean', hasTexts),
    node_key: column('node_key', 'integer', (draft) => (draft.claim === null ? null : nodeKey)),
    attempt: column('attempt', 'integer', (draft) => (draft.claim === null ? 0 : 1)),
    token: column('token', 'integer', (draft) => (draft.claim === null ? 0 : 1)),
  };
}

function firstFireTime({ fireTime, firstFireTime: first }: RunDraft): number | null {
  return first === fireTime ? null : first;
}

function wantsAt({ claim, state, dueAt }: RunDraft): number | null {
  if (claim !== null) return claim.leaseUntil;
  return state === 'waiting' ? dueAt : null;
}

function hasTexts({ args, detail }: RunDraft): boolean {
  return args !== null || detail !== null;
}
