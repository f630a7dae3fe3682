// A node in a process of its own: does what its parent says, one command a message, and can die in the middle of a step.
import pg from 'pg';
import { pathToFileURL } from 'node:url';
import { serveNode } from '../node-commands.mjs';

const [lib, where, node] = process.argv.slice(2);
const { url, schema } = JSON.parse(where);
const { SystemClock } = await import(pathToFileURL(`${lib}/core/index.js`).href);
const { createTypeOrmStore } = await import(pathToFileURL(`${lib}/stores/typeorm/index.js`).href);
let stepsToLive = Infinity;
const inTransaction = new WeakSet();

/** A client that kills its process before a given statement of a transaction. */
class MortalClient extends pg.Client {
  query(...parameters) {
    const text = parameters[0]?.text ?? parameters[0];
    if (text.startsWith('BEGIN')) inTransaction.add(this);
    if (inTransaction.has(this) && --stepsToLive === 0) process.kill(process.pid, 'SIGKILL');
    if (text === 'COMMIT' || text === 'ROLLBACK') inTransaction.delete(this);
    return super.query(...parameters);
  }
}

class MortalPool extends pg.Pool {
  constructor(options) {
    super({ ...options, Client: MortalClient });
  }
}

const driver = Object.create(pg, { Pool: { value: MortalPool }, Client: { value: MortalClient } });
const options = { type: 'postgres', url, driver };
const store = createTypeOrmStore({ alias: 'db', application: 'shop', clock: new SystemClock(), options, schema });

serveNode({ store, node, dieBefore: (step) => (stepsToLive = step) });
