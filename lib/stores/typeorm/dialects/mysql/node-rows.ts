import type { Instant, JobPause, NodeRecord } from '../../../../core/index.js';
import type { NodeRows } from '../../session.js';
import { pauseOf } from '../server/job-decoder.js';
import { deleteByKeys, json, overwriting, text } from './literals.js';
import type { Scope } from './scope.js';

/** How long after a node was last seen its name may still be wanted by a run that it claimed. */
const NAME_MARGIN = 3_600_000;

/** Blocks whose rows are kept, and how many rows go in one step: a commit is asked after within seconds. */
const KEPT_BLOCKS = 20_000;
const MOST_BLOCKS = 10_000;

const LISTED = 'is_listed, seen_at, started_at, host, pid, app_version, jobs_digest, job_ids, tasks';

export class MySqlNodeRows implements NodeRows {
  private readonly tables: string;

  constructor(private readonly scope: Scope) {
    this.tables = scope.place.tables;
  }

  async beat(node: NodeRecord): Promise<void> {
    const { appKey } = this.scope.place;
    const { caches } = this.scope;
    await this.forgetBlocks();
    const lists = [node.appVersion, node.startedAt, node.jobsDigest, ...node.tasks].join('\n');
    if (caches.writtenNodes.get(node.id) === lists) {
      const beat = `UPDATE ${this.tables}nodes SET seen_at = ${node.seenAt} WHERE app_key = ${appKey}`;
      const { count } = await this.scope.statements.query(`${beat} AND id = ${text(node.id)} AND is_listed = 1`);
      if (count === 1) return;
    }
    this.register(node);
    this.scope.onCommit(() => caches.writtenNodes.set(node.id, lists));
  }

  async leave(nodeId: string): Promise<void> {
    const { appKey } = this.scope.place;
    const leave = `UPDATE ${this.tables}nodes SET is_listed = 0 WHERE app_key = ${appKey} AND id = ${text(nodeId)}`;
    await this.scope.statements.query(leave);
    this.scope.caches.writtenNodes.delete(nodeId);
  }

  async list(since: Instant): Promise<NodeRecord[]> {
    const { rows } = await this.scope.statements.query(
      `SELECT id, host, pid, app_version, started_at, seen_at, jobs_digest, job_ids, tasks FROM ${this.tables}nodes
       WHERE app_key = ${this.scope.place.appKey} AND is_listed = 1 AND seen_at >= ${since} ORDER BY id`,
    );
    return rows.map((row) => {
      const [id, host, pid, appVersion, startedAt, seenAt, jobsDigest, jobIds, tasks] = row as unknown as NodeColumns;
      const lists = { jobIds: JSON.parse(jobIds) as string[], tasks: JSON.parse(tasks) as string[] };
      return { id, host, pid, appVersion, startedAt, seenAt, jobsDigest, ...lists };
    });
  }

  /** The row itself goes later, when no run that the node may have claimed is left. */
  async forget(before: Instant): Promise<number> {
    const { tables } = this;
    const where = `app_key = ${this.scope.place.appKey}`;
    const { count } = await this.scope.statements.query(
      `UPDATE ${tables}nodes SET is_listed = 0 WHERE ${where} AND is_listed = 1 AND seen_at < ${before}`,
    );
    const oldest = ['runs', 'single_runs', 'claimed_batches'].map((table) => {
      const key = table === 'claimed_batches' ? 'batch_key' : 'run_key';
      return `COALESCE((SELECT created_at FROM ${tables}${table} ORDER BY ${key} LIMIT 1), ${before})`;
    });
    this.scope.statements.send(
      `DELETE FROM ${tables}nodes
       WHERE ${where} AND is_listed = 0 AND seen_at < LEAST(${before}, ${oldest.join(', ')}) - ${NAME_MARGIN}`,
    );
    return count;
  }

  async readPause(): Promise<JobPause | null> {
    const read = `SELECT pause FROM ${this.tables}applications WHERE app_key = ${this.scope.place.appKey}`;
    const { rows } = await this.scope.statements.query(read);
    return pauseOf((rows[0]?.[0] ?? null) as string | null);
  }

  async writePause(pause: JobPause | null): Promise<void> {
    const { appKey } = this.scope.place;
    await this.scope.statements.query(
      `UPDATE ${this.tables}applications SET pause = ${json(pause)} WHERE app_key = ${appKey}`,
    );
  }

  private register(node: NodeRecord): void {
    const written = [
      this.scope.place.appKey,
      text(node.id),
      ...[1, node.seenAt, node.startedAt, text(node.host), node.pid, text(node.appVersion), text(node.jobsDigest)],
      ...[json(node.jobIds), json(node.tasks)],
    ];
    this.scope.sendRows(`INSERT INTO ${this.tables}nodes (app_key, id, ${LISTED})`, [written], overwriting(LISTED));
  }

  /** Rows of open transactions are locked: they are passed over. */
  private async forgetBlocks(): Promise<void> {
    const begun = await this.scope.begun();
    if (begun === null) return;
    const { rows } = await this.scope.statements.query(
      `SELECT block FROM ${this.tables}blocks WHERE block < ${begun.block - KEPT_BLOCKS} ORDER BY block
       LIMIT ${MOST_BLOCKS} FOR UPDATE SKIP LOCKED`,
    );
    if (rows.length === 0) return;
    const blocks = rows.map((row) => row[0] as number);
    this.scope.statements.send(deleteByKeys(`${this.tables}blocks`, 'block', blocks));
  }
}

type NodeColumns = [string, string, number, string, number, number, string, string, string];
