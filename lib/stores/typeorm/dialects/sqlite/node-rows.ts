import type { Instant, JobPause, NodeRecord } from '../../../../core/index.js';
import type { NodeRows } from '../../session.js';
import { pauseOf } from './job-decoder.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** How long after a node was last seen its name may still be wanted by a run that it claimed. */
const NAME_MARGIN = 3_600_000;

export class SqliteNodeRows implements NodeRows {
  private readonly statements: Statements<Name>;
  /** What was last written of this process's nodes: lists of jobs and tasks are long and seldom change. */
  private readonly written = new Map<string, string>();

  constructor(private readonly scope: Scope) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  forgetWritten(): void {
    this.written.clear();
  }

  beat(node: NodeRecord): void {
    const { appKey } = this.scope.place;
    const lists = [node.appVersion, node.startedAt, node.jobsDigest, ...node.tasks].join('\n');
    const isSame = this.written.get(node.id) === lists;
    if (isSame && this.statements.get('seen').run(node.seenAt, appKey, node.id).changes === 1) return;
    this.statements
      .get('register')
      .run(
        appKey,
        node.id,
        node.seenAt,
        node.startedAt,
        node.host,
        node.pid,
        node.appVersion,
        node.jobsDigest,
        JSON.stringify(node.jobIds),
        JSON.stringify(node.tasks),
      );
    this.written.set(node.id, lists);
  }

  leave(nodeId: string): void {
    this.statements.get('leave').run(this.scope.place.appKey, nodeId);
    this.written.delete(nodeId);
  }

  list(since: Instant): NodeRecord[] {
    const rows = this.statements.get('list').all(this.scope.place.appKey, since);
    return rows.map((row) => {
      const [id, host, pid, appVersion, startedAt, seenAt, jobsDigest, jobIds, tasks] = row as NodeColumns;
      const lists = { jobIds: JSON.parse(jobIds) as string[], tasks: JSON.parse(tasks) as string[] };
      return { id, host, pid, appVersion, startedAt, seenAt, jobsDigest, ...lists };
    });
  }

  /** The row itself goes later, when no run that the node may have claimed is left. */
  forget(before: Instant): number {
    const { appKey } = this.scope.place;
    const { changes } = this.statements.get('forget').run(appKey, before);
    const [oldestRun] = (this.statements.get('oldestRun').get() as [number] | undefined) ?? [before];
    this.statements.get('delete').run(appKey, Math.min(before, oldestRun) - NAME_MARGIN);
    return changes;
  }

  readPause(): JobPause | null {
    const [pause] = this.statements.get('readPause').get(this.scope.place.appKey) as [string | null];
    return pauseOf(pause);
  }

  writePause(pause: JobPause | null): void {
    this.statements.get('writePause').run(pause === null ? null : JSON.stringify(pause), this.scope.place.appKey);
  }
}

type NodeColumns = [string, string, number, string, number, number, string, string, string];

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  return {
    seen: `UPDATE ${p}nodes SET seen_at = ? WHERE app_key = ? AND id = ? AND is_listed = 1`,
    register: `INSERT INTO ${p}nodes
      (app_key, id, is_listed, seen_at, started_at, host, pid, app_version, jobs_digest, job_ids, tasks)
      VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (app_key, id) DO UPDATE SET is_listed = 1, seen_at = excluded.seen_at, started_at = excluded.started_at,
        host = excluded.host, pid = excluded.pid, app_version = excluded.app_version,
        jobs_digest = excluded.jobs_digest, job_ids = excluded.job_ids, tasks = excluded.tasks`,
    leave: `UPDATE ${p}nodes SET is_listed = 0 WHERE app_key = ? AND id = ?`,
    list: `SELECT id, host, pid, app_version, started_at, seen_at, jobs_digest, job_ids, tasks FROM ${p}nodes
      WHERE app_key = ? AND is_listed = 1 AND seen_at >= ? ORDER BY id`,
    forget: `UPDATE ${p}nodes SET is_listed = 0 WHERE app_key = ? AND is_listed = 1 AND seen_at < ?`,
    oldestRun: `SELECT created_at FROM ${p}run_rows ORDER BY run_key LIMIT 1`,
    delete: `DELETE FROM ${p}nodes WHERE app_key = ? AND is_listed = 0 AND seen_at < ?`,
    readPause: `SELECT pause FROM ${p}applications WHERE app_key = ?`,
    writePause: `UPDATE ${p}applications SET pause = ? WHERE app_key = ?`,
  };
}
