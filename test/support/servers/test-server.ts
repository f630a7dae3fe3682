import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINES } from './engines.js';
import { claimOnce, runFolder } from './run-folder.js';
import type { EngineName, ServerEngine } from './server-engine.js';
import { startThrowAway } from './throw-away.js';

/** A database, or on Redis a key prefix, that only one suite has. */
export interface Place {
  /** With the database; for Redis the server's own. */
  readonly url: string;
  /** The database's name, or the prefix that every key must begin with. */
  readonly name: string;
  /** Deletes it with all that is in it. */
  drop(): Promise<void>;
}

/** The server of one engine that this test run uses. */
export interface TestServer {
  readonly engine: EngineName;
  /** PostgreSQL, MariaDB, Redis. */
  readonly title: string;
  /** undefined: there is none, `reason` says why. */
  readonly url: string | undefined;
  readonly version: string | undefined;
  readonly reason: string | undefined;
  makePlace(): Promise<Place>;
}

/**
 * The server at the engine's environment variable, else the one on its usual local port, else a throw-away one that all
 * specs of the run share, else none.
 *
 * @throws {Error} when the URL of the environment variable does not answer
 * @example
 * const server = await testServer('postgres');
 * describeOnServer(server, 'the store on PostgreSQL', () => { … await server.makePlace() … });
 */
export async function testServer(name: EngineName): Promise<TestServer> {
  const engine = ENGINES[name];
  const { url, version, reason } = await find(engine);
  const makePlace = async (): Promise<Place> => {
    if (url === undefined) throw new Error(reason);
    return await placeOn(engine, url);
  };
  return { engine: name, title: engine.title, url, version, reason, makePlace };
}

/** The place of one suite on a server. */
export async function placeOn(engine: ServerEngine, url: string): Promise<Place> {
  const id = `carillon_test_${Date.now().toString(36)}${randomBytes(4).toString('hex')}`;
  // A brace opens a hash tag on Redis Cluster; the prefix leaves that to the store.
  const name = engine.name === 'redis' ? `${id}:` : id;
  return { url: await engine.makePlace(url, name), name, drop: async () => await engine.dropPlace(url, name) };
}

interface Found {
  readonly url?: string;
  readonly version?: string;
  readonly reason?: string;
}

async function find(engine: ServerEngine): Promise<Found> {
  const configured = process.env[engine.variable];
  if (configured) return { url: configured, version: await engine.ping(configured) };
  for (const url of engine.localUrls) {
    const version = await engine.ping(url).catch(() => undefined);
    if (version !== undefined && (await mayMakePlaces(engine, url))) return { url, version };
  }
  if (engine.programs() !== undefined) return await sharedThrowAway(engine);
  const advice = `Set ${engine.variable}, start one (docker compose up), or install ${engine.aptPackage}.`;
  return { reason: `${engine.title} is neither running here nor installed, so its tests are skipped. ${advice}` };
}

/** A server that answers but lets us make nothing is somebody else's. */
async function mayMakePlaces(engine: ServerEngine, url: string): Promise<boolean> {
  try {
    const place = await placeOn(engine, url);
    await place.drop();
    return true;
  } catch {
    return false;
  }
}

/** The first spec that asks starts it, the others wait for that. */
async function sharedThrowAway(engine: ServerEngine): Promise<Found> {
  const file = join(runFolder(), `${engine.name}.json`);
  if (claimOnce(join(runFolder(), `${engine.name}.first`))) {
    const found = await startShared(engine);
    writeFileSync(`${file}.part`, JSON.stringify(found));
    renameSync(`${file}.part`, file);
  }
  const deadline = performance.now() + 90_000;
  while (!existsSync(file)) {
    if (performance.now() > deadline) throw new Error(`Another spec did not start its throw-away ${engine.title}.`);
    await sleep(50);
  }
  const { error, ...found } = JSON.parse(readFileSync(file, 'utf8'));
  if (error !== undefined) throw new Error(error);
  return found;
}

async function startShared(engine: ServerEngine): Promise<Found & { error?: string }> {
  try {
    const { url } = await startThrowAway(engine.name);
    return { url, version: await engine.ping(url) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
