// A database of the bench's own on a MariaDB or MySQL server, and the server's own CPU time where it can be read.
import { readFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';

export const SERVER_URL = process.env.CARILLON_BENCH_MARIADB_URL ?? 'mariadb://root@127.0.0.1:3306/';

export async function ask(url, ...texts) {
  const connection = await createConnection({ uri: url });
  try {
    let rows;
    for (const text of texts) [rows] = await connection.query(text);
    return rows;
  } finally {
    connection.destroy();
  }
}

/** Runs the work with the URL of a new database, and drops it. */
export async function withDatabase(work) {
  const name = `carillon_bench_${process.pid}_${Date.now().toString(36)}`;
  await ask(SERVER_URL, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const url = new URL(SERVER_URL);
  url.pathname = `/${name}`;
  try {
    return await work(url.href);
  } finally {
    await ask(SERVER_URL, `DROP DATABASE ${name}`);
  }
}

/** Answers a function that tells the server's CPU microseconds so far; NaN: it runs elsewhere. */
export async function serverCpu() {
  const [{ file, version }] = await ask(SERVER_URL, 'SELECT @@pid_file AS file, VERSION() AS version');
  const read = () => {
    try {
      const pid = readFileSync(file, 'utf8').trim();
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    } catch {
      return Number.NaN;
    }
  };
  return { version, read };
}
