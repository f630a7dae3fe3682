import type { Awaitable, DecideJob, JobDefinition, JobRecord, NodeRecord } from '../../core/index.js';
import { then } from '../settled.js';
import type { UpkeepSite } from '../upkeep/upkeep-site.js';
import { compareVersions } from './reconcile.js';

const NOT_ENABLED = 'not enabled in the code of version ';

/** What switches jobs off for every node, as `enabled: false` of a start that no newer version has overruled. */
export interface SwitchingOff {
  readonly definitions: readonly JobDefinition[];
  readonly appVersion: string;
}

/**
 * `enabled` is a part of the definition: as with the others, an older version changes nothing, and of equal ones the latest
 * start wins. Claims that have not started are taken back from whoever has them.
 */
export function switchOff(
  { store, time, facts }: Pick<UpkeepSite, 'store' | 'time' | 'facts'>,
  { definitions, appVersion }: SwitchingOff,
): Awaitable<void> {
  if (definitions.length === 0) return;
  const statusReason = NOT_ENABLED + appVersion;
  const decide: DecideJob = (job, _unsettled, now) => {
    if (job.origin !== 'code' || job.status === 'finished') return null;
    if (job.status === 'orphaned' && job.statusReason === statusReason) return null;
    if (compareVersions(appVersion, job.appVersion) < 0) return null;
    return { status: 'orphaned', statusReason, statusAt: now, appVersion, withdraw: true };
  };
  const ids = definitions.map(({ id }) => id);
  return then(store.jobs.change({ ids, now: () => time.latest(), decide }), (results) => {
    for (const { after: job } of results) {
      facts.tell('job.orphaned', { store: store.alias, job, detail: statusReason });
    }
  });
}

/** Set aside because a start said so, not because nobody has it. */
export function isSwitchedOff({ status, statusReason }: JobRecord): boolean {
  return status === 'orphaned' && statusReason !== null && statusReason.startsWith(NOT_ENABLED);
}

/** Whether one of these nodes has the code that switched the job off, or a newer one without it. */
export function isKeptOff(job: JobRecord, nodes: readonly NodeRecord[]): boolean {
  return nodes.some(
    ({ appVersion, jobIds }) => compareVersions(appVersion, job.appVersion) >= 0 && !jobIds.includes(job.id),
  );
}
