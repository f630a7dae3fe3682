// The limit: the least SQL that hands out one-off jobs at all. Two connections each take 500 that are due, call the handler,
// and delete them or mark them done; no plan, no run, no lease, no history beside the row.
import pg from 'pg';

const BATCH = 500;
const NEXT =
  'SELECT id FROM jobs WHERE done_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED';

export const name = 'limit';

export async function open(url) {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  await pool.query(`CREATE TABLE IF NOT EXISTS jobs (id bigserial PRIMARY KEY, due_at bigint NOT NULL, done_at bigint,
    data text NOT NULL)`);
  await pool.query('CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due_at) WHERE done_at IS NULL');
  return pool;
}

export async function fill(pool, count, { now }) {
  for (let from = 0; from < count; from += 10_000) {
    const size = Math.min(10_000, count - from);
    const due = Array.from({ length: size }, (_, n) => now - count + from + n);
    const data = due.map((_, n) => `[${from + n}]`);
    await pool.query('INSERT INTO jobs (due_at, data) SELECT * FROM unnest($1::bigint[], $2::text[])', [due, data]);
  }
}

export async function drain(pool, { work, keepHistory }) {
  const act = keepHistory ? 'UPDATE jobs SET done_at = $1' : 'DELETE FROM jobs';
  const returning = keepHistory ? 'RETURNING data' : 'AND $1::bigint > 0 RETURNING data';
  const text = `${act} WHERE id = ANY (ARRAY(${NEXT})) ${returning}`;
  const one = async () => {
    for (;;) {
      const { rows } = await pool.query({ text, values: [Date.now(), BATCH], rowMode: 'array' });
      if (rows.length === 0) return;
      for (const [data] of rows) work(JSON.parse(data));
    }
  };
  await Promise.all([one(), one()]);
}

export const close = (pool) => pool.end();
