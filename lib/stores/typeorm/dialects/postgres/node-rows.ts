import type { Instant, JobPause, NodeRecord } from '../../../../core/index.js';
import type { NodeRows } from '../../session.js';
import { jsonOf } from './arrays.js';
import { pauseOf } from '../server/job-decoder.js';
import type { Notices } from './notices.js';
import type { Scope } from './scope.js';

/** How long after a node was last seen its name may still be wanted by a run that it claimed. */
const NAME_MARGIN = 3_600_000;

export class PostgresNodeRows implements NodeRows {
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly notices: Notices,
  ) {
    this.tables = scope.place.tables;
  }

  async beat(node: NodeRecord): Promise<void> {
    const { appKey } = this.scope.place;
    const { caches } = this.scope;
    const lists = [node.appVersion, node.startedAt, node.jobsDigest, ...node.tasks].join('\n');
    if (caches.writtenNodes.get(node.id) === lists) {
      const text = `UPDATE ${this.tables}nodes SET seen_at = $1 WHERE app_key = $2 AND id = $3 AND is_listed`;
      const { count } = await this.scope.statements.query(text, [node.seenAt, appKey, node.id]);
      if (count === 1) return;
    }
    const key = await this.register(node);
    this.scope.onCommit(() => {
      caches.writtenNodes.set(node.id, lists);
      caches.nodeKeys.set(node.id, key);
    });
  }

  async leave(nodeId: string): Promise<void> {
    const text = `UPDATE ${this.tables}nodes SET is_listed = false WHERE app_key = $1 AND id = $2`;
    await this.scope.statements.query(text, [this.scope.place.appKey, nodeId]);
    this.scope.caches.writtenNodes.delete(nodeId);
  }

  async list(since: Instant): Promise<NodeRecord[]> {
    const { rows } = await this.scope.statements.query(
      `SELECT id, host, pid, app_version, started_at, seen_at, jobs_digest, job_ids, tasks FROM ${this.tables}nodes
       WHERE app_key = $1 AND is_listed AND seen_at >= $2 ORDER BY id COLLATE "C"`,
      [this.scope.place.appKey, since],
    );
    return rows.map((row) => {
      const [id, host, pid, appVersion, startedAt, seenAt, jobsDigest, jobIds, tasks] = row as unknown as NodeColumns;
      const lists = { jobIds: JSON.parse(jobIds) as string[], tasks: JSON.parse(tasks) as string[] };
      return { id, host, pid, appVersion, startedAt, seenAt, jobsDigest, ...lists };
    });
  }

  /** The row itself goes later, when no run that the node may have claimed is left. */
  async forget(before: Instant): Promise<number> {
    const { appKey } = this.scope.place;
    const { tables } = this;
    const text = `UPDATE ${tables}nodes SET is_listed = false WHERE app_key = $1 AND is_listed AND seen_at < $2`;
    const { count } = await this.scope.statements.query(text, [appKey, before]);
    this.scope.statements.send(
      `DELETE FROM ${tables}nodes n WHERE app_key = $1 AND NOT is_listed AND seen_at < least($2,
         (SELECT created_at FROM ${tables}runs ORDER BY run_key LIMIT 1),
         (SELECT created_at FROM ${tables}single_runs ORDER BY run_key LIMIT 1),
         (SELECT created_at FROM ${tables}claimed_batches ORDER BY batch_key LIMIT 1)) - ${NAME_MARGIN}`,
      [appKey, before],
    );
    return count;
  }

  async readPause(): Promise<JobPause | null> {
    const text = `SELECT pause FROM ${this.tables}applications WHERE app_key = $1`;
    const { rows } = await this.scope.statements.query(text, [this.scope.place.appKey]);
    return pauseOf((rows[0]?.[0] ?? null) as string | null);
  }

  async writePause(pause: JobPause | null): Promise<void> {
    const text = `UPDATE ${this.tables}applications SET pause = $1 WHERE app_key = $2`;
    await this.scope.statements.query(text, [jsonOf(pause), this.scope.place.appKey]);
    this.notices.concernsOwners();
  }

  private async register(node: NodeRecord): Promise<number> {
    const { rows } = await this.scope.statements.query(
      `INSERT INTO ${this.tables}nodes
         (app_key, id, is_listed, seen_at, started_at, host, pid, app_version, jobs_digest, job_ids, tasks)
       VALUES ($1, $2, true, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (app_key, id) DO UPDATE SET is_listed = true, seen_at = excluded.seen_at,
         started_at = excluded.started_at, host = excluded.host, pid = excluded.pid,
         app_version = excluded.app_version, jobs_digest = excluded.jobs_digest, job_ids = excluded.job_ids,
         tasks = excluded.tasks
       RETURNING node_key`,
      [
        this.scope.place.appKey,
        node.id,
        node.seenAt,
        node.startedAt,
        node.host,
        node.pid,
        node.appVersion,
        node.jobsDigest,
        JSON.stringify(node.jobIds),
        JSON.stringify(node.tasks),
      ],
    );
    return rows[0][0] as number;
  }
}

type NodeColumns = [string, string, number, string, number, number, string, string, string];
