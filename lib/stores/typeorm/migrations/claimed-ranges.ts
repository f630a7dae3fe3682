import { STATE } from '../codes.js';
import type { SchemaStep } from './schema-step.js';

/** State of a run's row that says nothing itself: the range in which its key lies does. */
export const RANGED = 20;

/**
 * Plain runs of a claim on SQLite: their rows are written once and not again at their end. What changes, lease and outcome, is
 * said of whole ranges of keys. A key of such a row lies either in a range that is held or in one that has ended.
 */
export const claimedRanges: SchemaStep = {
  name: 'CarillonClaimedRanges1763800000000',
  timestamp: 1763800000000,
  up: { 'better-sqlite3': sqliteRanges, postgres: () => [], mysql: () => [], mariadb: () => [] },
  down: { 'better-sqlite3': sqliteWithoutRanges, postgres: () => [], mysql: () => [], mariadb: () => [] },
};

/** What every start asks the triggers of all jobs for: those that hold it have an index. */
export const START_MARK = '"runOnStart"';

/** A trigger is JSON within the JSON of the body. SQLite takes the index only where its condition stands word for word. */
export function holdsMark(body: string): string {
  return `instr(${body}, '\\"runOnStart\\"') > 0`;
}

/** The ranges of a run `r`, as `held` and `ended`; each null where it lies in none. */
export function rangesOfRun(p: string): string {
  return `LEFT JOIN ${p}held_ranges held ON ${isAbout(`${p}held_ranges`, 'held')}
    LEFT JOIN ${p}ended_ranges ended ON ${isAbout(`${p}ended_ranges`, 'ended')}`;
}

/** State of a run `r` beside its ranges. */
export const RANGED_STATE = `iif(r.state = ${RANGED}, coalesce(ended.state, ${STATE.running}), r.state)`;

function isAbout(table: string, range: string): string {
  return `r.state = ${RANGED} AND ${range}.last_key >= r.run_key
    AND ${range}.first_key = (SELECT max(x.first_key) FROM ${table} x WHERE x.first_key <= r.run_key)`;
}

function sqliteRanges(p: string): string[] {
  return [
    `ALTER TABLE ${p}runs RENAME TO ${p}run_rows`,
    // open_count: rows of it that nobody has ended by themselves, and so still say nothing.
    `CREATE TABLE ${p}held_ranges (
       first_key INTEGER PRIMARY KEY, last_key INTEGER NOT NULL, app_key INTEGER NOT NULL, lease_until INTEGER NOT NULL,
       open_count INTEGER NOT NULL)`,
    `CREATE TABLE ${p}ended_ranges (
       first_key INTEGER PRIMARY KEY, last_key INTEGER NOT NULL, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
       started_at INTEGER, settled_at INTEGER NOT NULL, reason INTEGER)`,
    `CREATE VIEW ${p}runs AS
       SELECT r.run_key, r.app_key, r.job_key, r.shape_key, r.generation, r.slot, r.kind, ${RANGED_STATE} AS state,
         r.fire_time, r.first_fire_time, r.count, r.is_count_exact, r.due_at, coalesce(ended.attempt, r.attempt) AS attempt,
         r.token, r.node_key, coalesce(held.lease_until, r.lease_until) AS lease_until, r.is_cancel_requested, r.is_forced,
         r.created_at, coalesce(ended.started_at, r.started_at) AS started_at,
         coalesce(ended.settled_at, r.settled_at) AS settled_at, coalesce(ended.reason, r.reason) AS reason
       FROM ${p}run_rows r ${rangesOfRun(p)}`,
    `CREATE INDEX ${p}jobs_aside ON ${p}jobs (app_key, status) WHERE status > 1`,
    `CREATE INDEX ${p}definitions_at_start ON ${p}definitions (app_key) WHERE ${holdsMark('body')}`,
  ];
}

function sqliteWithoutRanges(p: string): string[] {
  const columns = 'state, attempt, lease_until, started_at, settled_at, reason';
  return [
    `DROP INDEX ${p}definitions_at_start`,
    `DROP INDEX ${p}jobs_aside`,
    `UPDATE ${p}run_rows SET due_at = coalesce(due_at, fire_time), (${columns}) =
       (SELECT ${columns} FROM ${p}runs v WHERE v.run_key = ${p}run_rows.run_key) WHERE state = ${RANGED}`,
    `DROP VIEW ${p}runs`,
    `DROP TABLE ${p}held_ranges`,
    `DROP TABLE ${p}ended_ranges`,
    `ALTER TABLE ${p}run_rows RENAME TO ${p}runs`,
  ];
}
