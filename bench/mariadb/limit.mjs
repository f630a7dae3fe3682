// The limit: the least SQL that hands out one-off jobs at all. It locks 500 that are due and marks them done, in one
// transaction of two packets: no plan, no run, no lease, no second process that could die in between.
import mysql2 from 'mysql2';

export function openLimit(url) {
  const connection = mysql2.createConnection({ uri: url, multipleStatements: true, supportBigNumbers: true });
  const ask = (sql) =>
    new Promise((resolve, reject) => {
      connection.query({ sql, rowsAsArray: true }, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  return ask;
}

export async function fillLimit(ask, count, now) {
  await ask(`CREATE TABLE jobs (id bigint PRIMARY KEY, due_at bigint NOT NULL, done tinyint NOT NULL, data text NOT NULL,
    KEY jobs_due (done, due_at)) ENGINE = InnoDB; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`);
  for (let from = 1; from <= count; from += 5_000) {
    const rows = [];
    for (let n = from; n < from + 5_000 && n <= count; n++) rows.push(`(${n},${now - count + n},0,'[${n}]')`);
    await ask(`INSERT INTO jobs VALUES ${rows.join(',')}`);
  }
}

/** Works off everything that is due, `batch` jobs in a transaction. Answers how many. */
export async function drainLimit(ask, batch, now, work) {
  let total = 0;
  for (;;) {
    const [, rows] = await ask(`START TRANSACTION; SELECT id, data FROM jobs WHERE done = 0 AND due_at <= ${now}
      ORDER BY due_at LIMIT ${batch} FOR UPDATE SKIP LOCKED`);
    for (const row of rows) work(JSON.parse(row[1]));
    const keys = rows.map((row) => row[0]).join(',');
    await ask(rows.length === 0 ? 'COMMIT' : `UPDATE jobs SET done = 1 WHERE id IN (${keys}); COMMIT`);
    if (rows.length === 0) return total;
    total += rows.length;
  }
}
