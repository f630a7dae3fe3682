// The limit: the least code that hands out one-off jobs from a SQLite file at all. It reads 500 that are due and marks them
// done, in one transaction: no plan, no run, no lease, no second process that could die in between.
import Database from 'better-sqlite3';

export const BATCH = 500;

export function openLimit(file) {
  const handle = new Database(file, { timeout: 0 });
  handle.pragma('journal_mode = WAL');
  handle.pragma('synchronous = FULL');
  return handle;
}

export function fillLimit(handle, count, now) {
  handle.exec(`CREATE TABLE jobs (id INTEGER PRIMARY KEY, due_at INTEGER NOT NULL, done_at INTEGER, data TEXT NOT NULL);
    CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL`);
  const insert = handle.prepare('INSERT INTO jobs VALUES (?, ?, NULL, ?)');
  handle.transaction(() => {
    for (let n = 1; n <= count; n++) insert.run(n, now - count + n, JSON.stringify([n]));
  })();
}

/** Works off everything that is due, `batch` jobs in a transaction. Answers how many. */
export function drainLimit(handle, batch, now, work) {
  const due = handle
    .prepare('SELECT id, data FROM jobs WHERE done_at IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?')
    .raw();
  const done = handle.prepare('UPDATE jobs SET done_at = ? WHERE id = ?');
  const step = handle.transaction(() => {
    const rows = due.all(now, batch);
    for (const [id, data] of rows) {
      work(JSON.parse(data));
      done.run(now, id);
    }
    return rows.length;
  });
  let total = 0;
  for (let found = step.immediate(); found > 0; found = step.immediate()) total += found;
  return total;
}
