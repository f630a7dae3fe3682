const TABLES = [
  'run_texts',
  'runs',
  'open_runs',
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
    // wants_at: when a waiting run is due, when a held one's lease ends; a buffered one wants nothing.
    table(
      `${p}open_runs`,
      `${RUN}, due_at bigint NOT NULL, wants_at bigint, lease_until bigint, UNIQUE KEY open_runs_once ${ONCE},
       KEY open_runs_wants (app_key, state, wants_at)`,
    ),
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

function table(name: string, columns: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}) ${ENGINE}`;
}

export function mysqlDrop(p: string): string[] {
  return TABLES.map((name) => `DROP TABLE IF EXISTS ${p}${name}`);
}
