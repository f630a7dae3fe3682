// A node in a process of its own: does what its parent says, one command a message, and can die in the middle of a step.
import Database from 'better-sqlite3';
import { pathToFileURL } from 'node:url';
import { serveNode } from '../node-commands.mjs';

const [lib, file, node] = process.argv.slice(2);
const { SystemClock } = await import(pathToFileURL(`${lib}/core/index.js`).href);
const { createTypeOrmStore } = await import(pathToFileURL(`${lib}/stores/typeorm/index.js`).href);
let stepsToLive = Infinity;

/** A driver that kills its process before a given statement of a transaction. */
function MortalDatabase(path, options) {
  const handle = new Database(path, options);
  const prepare = handle.prepare.bind(handle);
  handle.prepare = (sql) => {
    const statement = prepare(sql);
    for (const method of ['run', 'get', 'all', 'iterate']) {
      const original = statement[method].bind(statement);
      statement[method] = (...parameters) => {
        if (handle.inTransaction && --stepsToLive === 0) process.kill(process.pid, 'SIGKILL');
        return original(...parameters);
      };
    }
    return statement;
  };
  return handle;
}

const options = { type: 'better-sqlite3', database: file, driver: MortalDatabase };
const store = createTypeOrmStore({ alias: 'db', application: 'shop', clock: new SystemClock(), options });

serveNode({ store, node, dieBefore: (step) => (stepsToLive = step) });
