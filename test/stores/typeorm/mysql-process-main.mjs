// A node in a process of its own: does what its parent says, one command a message, and can die in the middle of a step.
import mysql2 from 'mysql2';
import { pathToFileURL } from 'node:url';
import { serveNode } from '../node-commands.mjs';

const [lib, where, node] = process.argv.slice(2);
const { url } = JSON.parse(where);
const { SystemClock } = await import(pathToFileURL(`${lib}/core/index.js`).href);
const { createTypeOrmStore } = await import(pathToFileURL(`${lib}/stores/typeorm/index.js`).href);
let stepsToLive = Infinity;
const inTransaction = new WeakSet();

/** A pool whose connections kill their process before a given packet of a transaction. */
function createPool(options) {
  const pool = mysql2.createPool(options);
  pool.on('connection', (connection) => {
    const query = connection.query.bind(connection);
    connection.query = (...parameters) => {
      const text = parameters[0]?.sql ?? parameters[0];
      if (text.includes('START TRANSACTION')) inTransaction.add(connection);
      if (inTransaction.has(connection) && --stepsToLive === 0) process.kill(process.pid, 'SIGKILL');
      if (/COMMIT|ROLLBACK/.test(text)) inTransaction.delete(connection);
      return query(...parameters);
    };
  });
  return pool;
}

const options = { type: 'mariadb', url, driver: { ...mysql2, createPool } };
const store = createTypeOrmStore({ alias: 'db', application: 'shop', clock: new SystemClock(), options });

serveNode({ store, node, dieBefore: (step) => (stepsToLive = step) });
