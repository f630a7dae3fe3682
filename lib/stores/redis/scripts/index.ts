import { COMMIT } from './commit.js';
import { FIND_JOBS, READ_ENDED, READ_JOBS, READ_RUNS, RENEW, WAS_CLOSED } from './lookup.js';
import { READ_DUE } from './read-due.js';
import { SETTLE } from './settle.js';

/** Every script by name. Each has one key, the start of all names of its store. */
export const SCRIPTS = {
  commit: COMMIT,
  findJobs: FIND_JOBS,
  readDue: READ_DUE,
  readEnded: READ_ENDED,
  readJobs: READ_JOBS,
  readRuns: READ_RUNS,
  renew: RENEW,
  settle: SETTLE,
  wasClosed: WAS_CLOSED,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
