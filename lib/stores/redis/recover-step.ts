import type { Claim, RunRecord } from '../../core/index.js';
import { Changes } from './changes.js';
import type { ClaimScope } from './claim-scope.js';
import { BARE_END, JobDraft } from './job-draft.js';
import { lineOf } from './lines.js';
import { decodeRuns } from './rows.js';
import type { Text } from './rows.js';
import { writeDraft } from './write-draft.js';

/** Ended leases looked at beyond the claim's room: those that are left out must not hide others. */
const LOOKS_BEYOND = 1_000;

/** Takes over runs whose lease ended: a higher token shuts the former owner out, and the job counts one more loss. */
export async function recoverRuns(scope: ClaimScope, room: number): Promise<Claim[]> {
  const { request, rows, committer } = scope;
  const limit = String(room + LOOKS_BEYOND);
  const answer = await rows.link.run('readEnded', String(request.recoverBefore), limit);
  const [ids, texts, leases] = answer as [string[], Text[], Text[]];
  const ended = decodeRuns(ids, texts, leases).filter((run) => run.state === 'running');
  const jobs = await draftsOf(scope, ended);
  const claims: Claim[] = [];
  const changes = new Changes();
  for (const run of ended) {
    const draft = jobs.get(run.jobId);
    if (draft !== undefined && isLeftOut(scope, draft, run)) continue;
    if (claims.length >= room) {
      scope.leave(request.now);
      break;
    }
    if (draft === undefined) endOrphan(scope, run, changes);
    else claims.push(takeOver(scope, draft, run));
  }
  for (const draft of jobs.values()) writeDraft(changes, draft, { ignoresJob: true, guardsChangedRuns: true });
  if (changes.isEmpty) return [];
  // Read in several steps: what is taken over may have a new holder, or its owner a new lease, since the first of them.
  changes.guardEnded(
    request.recoverBefore!,
    claims.map((claim) => claim.runId),
  );
  const failed = await committer.commit(changes);
  if (failed.length === 0) return claims;
  // Somebody renewed, settled or took over some of them in this moment: the next claim looks again.
  scope.leave(request.now);
  return [];
}

async function draftsOf({ rows }: ClaimScope, runs: readonly RunRecord[]): Promise<Map<string, JobDraft>> {
  const found = await rows.jobs([...new Set(runs.map((run) => lineOf(run.jobId)))], true);
  return new Map(found.map(({ job, unsettled }) => [job.record.id, new JobDraft(job, unsettled)]));
}

function isLeftOut({ request }: ClaimScope, draft: JobDraft, run: RunRecord): boolean {
  return request.exceptTasks.has(run.task) || request.exceptExecutors.has(draft.record.policy.executor);
}

function endOrphan({ request }: ClaimScope, run: RunRecord, changes: Changes): void {
  const draft = new JobDraft(null, [run]);
  const detail = 'its job was removed meanwhile';
  draft.end(draft.runs[0], { ...BARE_END, outcome: 'lost', at: request.now, detail, keepHistory: true });
  writeDraft(changes, draft);
}

function takeOver({ request }: ClaimScope, draft: JobDraft, run: RunRecord): Claim {
  let change = draft.find(run.id);
  if (change === undefined) draft.runs.push((change = { before: run, after: run }));
  const held = draft.hold(change, request.node, request.leaseUntil);
  // Losses of a generation that is gone say nothing about the present one.
  const { losses, generation } = draft.record;
  if (generation === run.jobGeneration) draft.set({ losses: losses + 1 });
  const { id: runId, jobId, token } = held;
  const { leaseUntil } = request;
  return { runId, jobId, token, run: held, job: draft.record, leaseUntil, cause: 'recovered' };
}
