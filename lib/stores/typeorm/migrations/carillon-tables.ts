import { mysqlDrop, mysqlTables } from './mysql-tables.js';
import { postgresDrop, postgresTables } from './postgres-tables.js';
import type { SchemaStep } from './schema-step.js';

/**
 * The first schema. Hot rows (jobs, runs) are narrow: keys and epoch milliseconds as integers, words as codes. Texts lie
 * beside them: what is a job's own in `definitions`, what many jobs share in `shapes`, texts of runs in `run_texts`.
 */
export const carillonTables: SchemaStep = {
  name: 'CarillonTables1763700000000',
  timestamp: 1763700000000,
  up: { 'better-sqlite3': sqliteTables, postgres: postgresTables, mysql: mysqlTables, mariadb: mysqlTables },
  down: { 'better-sqlite3': sqliteDrop, postgres: postgresDrop, mysql: mysqlDrop, mariadb: mysqlDrop },
};

const TABLES = ['run_texts', 'runs', 'jobs', 'definitions', 'shapes', 'nodes', 'applications', 'counters'];

function sqliteTables(p: string): string[] {
  return [
    `CREATE TABLE ${p}counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID`,
    `INSERT INTO ${p}counters (name, value)
       VALUES ('store', abs(random() % 1000000000000)), ('job', 0), ('run', 0), ('generation', 0)`,
    `CREATE TABLE ${p}applications (
       app_key INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, pause TEXT)`,
    `CREATE TABLE ${p}nodes (
       node_key INTEGER PRIMARY KEY AUTOINCREMENT, app_key INTEGER NOT NULL, id TEXT NOT NULL,
       is_listed INTEGER NOT NULL, seen_at INTEGER NOT NULL, started_at INTEGER, host TEXT, pid INTEGER,
       app_version TEXT, jobs_digest TEXT, job_ids TEXT, tasks TEXT, UNIQUE (app_key, id))`,
    `CREATE TABLE ${p}shapes (
       shape_key INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, executor TEXT NOT NULL, origin TEXT NOT NULL,
       runs_in_maintenance INTEGER NOT NULL, history_age INTEGER, history_count INTEGER, body TEXT NOT NULL UNIQUE)`,
    ...sqliteJobs(p),
    ...sqliteRuns(p),
  ];
}

function sqliteJobs(p: string): string[] {
  return [
    `CREATE TABLE ${p}definitions (
       job_key INTEGER PRIMARY KEY, app_key INTEGER NOT NULL, id TEXT NOT NULL, removed INTEGER NOT NULL DEFAULT 0,
       body TEXT NOT NULL)`,
    // 0 for the job that is there, its own key for a removed one whose runs are kept: one living job an id.
    `CREATE UNIQUE INDEX ${p}definitions_id ON ${p}definitions (app_key, id, removed)`,
    `CREATE TABLE ${p}jobs (
       job_key INTEGER PRIMARY KEY, app_key INTEGER NOT NULL, shape_key INTEGER NOT NULL, generation INTEGER NOT NULL,
       version INTEGER NOT NULL, definition_version INTEGER NOT NULL, status INTEGER NOT NULL, status_reason TEXT,
       status_at INTEGER, pause TEXT, fire_time INTEGER, due_at INTEGER, wake_at INTEGER, run_count INTEGER NOT NULL,
       losses INTEGER NOT NULL, updated_at INTEGER NOT NULL)`,
    `CREATE INDEX ${p}jobs_wake ON ${p}jobs (app_key, wake_at) WHERE wake_at IS NOT NULL`,
    `CREATE INDEX ${p}jobs_shape ON ${p}jobs (shape_key)`,
    `CREATE INDEX ${p}jobs_losses ON ${p}jobs (app_key) WHERE losses > 0`,
    `CREATE INDEX ${p}jobs_removed ON ${p}jobs (app_key) WHERE status = 9`,
  ];
}

function sqliteRuns(p: string): string[] {
  return [
    `CREATE TABLE ${p}runs (
       run_key INTEGER PRIMARY KEY, app_key INTEGER NOT NULL, job_key INTEGER NOT NULL, shape_key INTEGER NOT NULL,
       generation INTEGER NOT NULL, slot INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,
       fire_time INTEGER NOT NULL, first_fire_time INTEGER, count INTEGER NOT NULL, is_count_exact INTEGER NOT NULL,
       due_at INTEGER, attempt INTEGER NOT NULL, token INTEGER NOT NULL, node_key INTEGER, lease_until INTEGER,
       is_cancel_requested INTEGER NOT NULL, is_forced INTEGER NOT NULL, created_at INTEGER NOT NULL,
       started_at INTEGER, settled_at INTEGER, reason INTEGER)`,
    // The second net: slot is 0 for the one run of a fire time, the run's own key for all others.
    `CREATE UNIQUE INDEX ${p}runs_once ON ${p}runs (job_key, fire_time, generation, slot)`,
    `CREATE INDEX ${p}runs_time ON ${p}runs (app_key, fire_time)`,
    // Every claim and every settle pays for each index whose condition names the state: there are two.
    `CREATE INDEX ${p}runs_open ON ${p}runs (app_key, state, job_key, lease_until) WHERE state < 3`,
    `CREATE INDEX ${p}runs_waiting ON ${p}runs (app_key, due_at) WHERE state = 1`,
    `CREATE TABLE ${p}run_texts (
       run_key INTEGER PRIMARY KEY, args TEXT, detail TEXT, error TEXT, result TEXT, output TEXT)`,
  ];
}

function sqliteDrop(p: string): string[] {
  return TABLES.map((table) => `DROP TABLE ${p}${table}`);
}
