import { KIND, STATE } from '../codes.js';

const TABLES = [
  'run_texts',
  'runs',
  'withdrawals',
  'claimed_batches',
  'single_runs',
  'jobs',
  'definitions',
  'shapes',
  'nodes',
  'applications',
  'blocks',
  'stores',
];

/** Every byte counts, a space at the end too. The two servers have the same under two names; each skips the other's. */
const EXACT = 'CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */';

/** The longest name that an index takes beside the other columns of the keys below. */
const NAME = `varchar(700) ${EXACT}`;
const TEXT = `longtext ${EXACT}`;

const ENGINE = 'ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 ROW_FORMAT = DYNAMIC';

/**
 * As PostgreSQL's tables. Each is made only where it is not there: these servers undo no step that stopped half-way, so it
 * is done again.
 */
export function mysqlTables(p: string): string[] {
  return [
    table(`${p}stores`, `store tinyint PRIMARY KEY, tag varchar(20) NOT NULL`),
    `INSERT IGNORE INTO ${p}stores (store, tag) VALUES (1, SUBSTR(MD5(UUID()), 1, 8))`,
    // A row a transaction: its number stands for a block of keys, and it tells whether the transaction became durable.
    table(`${p}blocks`, `block bigint AUTO_INCREMENT PRIMARY KEY`),
    table(
      `${p}applications`,
      `app_key integer AUTO_INCREMENT PRIMARY KEY, name ${NAME} NOT NULL, pause ${TEXT}, UNIQUE KEY (name)`,
    ),
    table(
      `${p}nodes`,
      `node_key integer AUTO_INCREMENT PRIMARY KEY, app_key integer NOT NULL, id ${NAME} NOT NULL,
       is_listed boolean NOT NULL, seen_at bigint NOT NULL, started_at bigint, host ${TEXT}, pid bigint,
       app_version ${TEXT}, jobs_digest ${TEXT}, job_ids ${TEXT}, tasks ${TEXT}, UNIQUE KEY (app_key, id)`,
    ),
    table(
      `${p}shapes`,
      `shape_key integer AUTO_INCREMENT PRIMARY KEY, history_age bigint, unused_since bigint, history_count integer,
       runs_in_maintenance boolean NOT NULL, digest char(32) CHARACTER SET ascii NOT NULL, origin ${TEXT} NOT NULL,
       task ${TEXT} NOT NULL, executor ${TEXT} NOT NULL, body ${TEXT} NOT NULL, UNIQUE KEY (digest)`,
    ),
    ...jobs(p),
    ...runs(p),
  ];
}

function jobs(p: string): string[] {
  return [
    // removed: 0 for the job that is there, its own key for a removed one whose runs are kept: one living job an id.
    table(
      `${p}definitions`,
      `job_key bigint PRIMARY KEY, removed bigint NOT NULL DEFAULT 0, app_key integer NOT NULL,
       version integer NOT NULL, id ${NAME} NOT NULL, body ${TEXT} NOT NULL,
       UNIQUE KEY definitions_id (app_key, id, removed), KEY definitions_removed (app_key, removed)`,
    ),
    // has_runs: 0 as long as no run was ever made of it: nobody has to look for any.
    table(
      `${p}jobs`,
      `job_key bigint PRIMARY KEY, generation bigint NOT NULL, updated_at bigint NOT NULL, fire_time bigint,
       due_at bigint, wake_at bigint, status_at bigint, app_key integer NOT NULL, shape_key integer NOT NULL,
       version integer NOT NULL, definition_version integer NOT NULL, run_count integer NOT NULL,
       losses integer NOT NULL, status tinyint NOT NULL, has_runs boolean NOT NULL DEFAULT 0, status_reason ${TEXT}, pause ${TEXT},
       KEY jobs_wake (app_key, wake_at), KEY jobs_losses (app_key, losses)`,
    ),
  ];
}

const RUN = `run_key bigint PRIMARY KEY, job_key bigint NOT NULL, generation bigint NOT NULL, fire_time bigint NOT NULL,
  created_at bigint NOT NULL, first_fire_time bigint, started_at bigint, app_key integer NOT NULL,
  shape_key integer NOT NULL, count integer NOT NULL, attempt integer NOT NULL, token integer NOT NULL,
  node_key integer, kind tinyint NOT NULL, state tinyint NOT NULL, slot tinyint, is_count_exact boolean NOT NULL,
  is_cancel_requested boolean NOT NULL, is_forced boolean NOT NULL, has_texts boolean NOT NULL`;

/** slot, the second net: 0 for the one run of a fire time, null for all others. */
const ONCE = '(job_key, fire_time, generation, slot)';

function runs(p: string): string[] {
  return [
    // A first step that stopped half-way in an earlier version may have left it.
    ...withoutOldTable(p),
    // wants_at: when a waiting run is due, when a held one's lease ends; a buffered one wants nothing.
    table(
      `${p}single_runs`,
      `${RUN}, due_at bigint NOT NULL, wants_at bigint, lease_until bigint, UNIQUE KEY single_runs_once ${ONCE},
       KEY single_runs_wants (app_key, state, wants_at)`,
    ),
    ...claimedBatches(p),
    table(
      `${p}runs`,
      `${RUN}, due_at bigint, settled_at bigint NOT NULL, reason tinyint, UNIQUE KEY runs_once ${ONCE},
       KEY runs_time (app_key, fire_time)`,
    ),
    table(
      `${p}run_texts`,
      `run_key bigint PRIMARY KEY, args ${TEXT}, detail ${TEXT}, error ${TEXT}, result ${TEXT}, output ${TEXT}`,
    ),
  ];
}

/** Also by a later step, for tables that were made without them. */
function claimedBatches(p: string): string[] {
  return [
    // Scheduled runs for one due fire time each, held under token 1, in their first attempt. The n-th has the key batch_key + n - 1,
    // the n-th element of `runs` (job key, generation, fire time, shape key), and the n-th character of `ended`: 1 when it has.
    table(
      `${p}claimed_batches`,
      `batch_key bigint PRIMARY KEY, created_at bigint NOT NULL, lease_until bigint NOT NULL, app_key integer NOT NULL,
       node_key integer NOT NULL, size integer NOT NULL, open_count integer NOT NULL,
       ended varchar(64) CHARACTER SET ascii NOT NULL, runs text CHARACTER SET ascii NOT NULL,
       KEY claimed_batches_lease (app_key, lease_until)`,
    ),
    // A row a step that withdrew claims, so that their owners see that there was one.
    table(
      `${p}withdrawals`,
      `withdrawal bigint AUTO_INCREMENT PRIMARY KEY, app_key integer NOT NULL, KEY withdrawals_app (app_key)`,
    ),
    // Made once: to replace a view takes the right to drop it.
    doneUnless(
      `information_schema.views WHERE table_schema = DATABASE() AND table_name = '${p}open_runs'`,
      openRuns(p),
    ),
  ].flat();
}

/** What is unsettled, wherever it lies. */
function openRuns(p: string): string {
  const columns = `run_key, job_key, generation, fire_time, created_at, first_fire_time, started_at, app_key, shape_key, count,
    attempt, token, node_key, kind, state, slot, is_count_exact, is_cancel_requested, is_forced, has_texts, due_at, wants_at,
    lease_until`;
  return `CREATE VIEW ${p}open_runs AS SELECT ${columns} FROM ${p}single_runs UNION ALL ${runsOfBatches(p, 'TRUE')}`;
}

/** The unsettled runs of rows of `claimed_batches` (`c`), with the columns of `single_runs`. */
export function runsOfBatches(p: string, where: string): string {
  return `SELECT c.batch_key + u.place - 1 AS run_key, u.job_key, u.generation, u.fire_time, c.created_at,
      NULL AS first_fire_time, NULL AS started_at, c.app_key, u.shape_key, 1 AS count, 1 AS attempt, 1 AS token, c.node_key,
      ${KIND.scheduled} AS kind, ${STATE.running} AS state, 0 AS slot, 1 AS is_count_exact, 0 AS is_cancel_requested,
      0 AS is_forced, 0 AS has_texts, u.fire_time AS due_at, c.lease_until AS wants_at, c.lease_until
    FROM ${p}claimed_batches c CROSS JOIN JSON_TABLE(c.runs, '$[*]' COLUMNS (place FOR ORDINALITY,
      job_key bigint PATH '$[0]', generation bigint PATH '$[1]', fire_time bigint PATH '$[2]', shape_key integer PATH '$[3]')) u
    WHERE SUBSTRING(c.ended, u.place, 1) = '0' AND ${where}`;
}

/** For tables of the first step as it was before. Each statement can be made again. */
export function mysqlBatches(p: string): string[] {
  return [...withoutOldTable(p), ...claimedBatches(p)];
}

/** Unsettled runs were in one table, under the name of what is a view by now. */
function withoutOldTable(p: string): string[] {
  return doneUnless(
    `(SELECT 1) one WHERE NOT EXISTS (SELECT 1 FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_name = '${p}open_runs' AND table_type = 'BASE TABLE')`,
    `ALTER TABLE ${p}open_runs RENAME TO ${p}single_runs, RENAME INDEX open_runs_once TO single_runs_once,
     RENAME INDEX open_runs_wants TO single_runs_wants`,
  );
}

export function mysqlOvertaken(p: string): string[] {
  return doneUnless(columnOf(p, 'jobs', 'overtaken_by'), `ALTER TABLE ${p}jobs ADD COLUMN overtaken_by bigint`);
}

export function mysqlWithoutOvertaken(p: string): string[] {
  return [`ALTER TABLE ${p}jobs DROP COLUMN overtaken_by`];
}

const STAMPED = ['blocks', 'withdrawals'];

export function mysqlStamps(p: string): string[] {
  return STAMPED.flatMap((name) => {
    const added = `ALTER TABLE ${p}${name} ADD COLUMN stamp bigint NOT NULL DEFAULT 0`;
    return doneUnless(columnOf(p, name, 'stamp'), added);
  });
}

export function mysqlWithoutStamps(p: string): string[] {
  return STAMPED.map((name) => `ALTER TABLE ${p}${name} DROP COLUMN stamp`);
}

function columnOf(p: string, table: string, column: string): string {
  return `information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = '${p}${table}' AND column_name = '${column}'`;
}

/** A statement that is made only where no row is found. */
function doneUnless(found: string, statement: string): string[] {
  const written = statement.replace(/'/g, "''");
  return [
    `SET @carillon_statement = IF(EXISTS (SELECT 1 FROM ${found}), 'DO 0', '${written}')`,
    'PREPARE carillon_statement FROM @carillon_statement',
    'EXECUTE carillon_statement',
    'DEALLOCATE PREPARE carillon_statement',
  ];
}

function table(name: string, columns: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}) ${ENGINE}`;
}

export function mysqlDrop(p: string): string[] {
  return [`DROP VIEW IF EXISTS ${p}open_runs`, ...TABLES.map((name) => `DROP TABLE IF EXISTS ${p}${name}`)];
}
