// Outlives a test run that was killed, ends the servers it left behind, and deletes their folder.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endServers, isAlive } from './end-servers.mjs';

const [folder, owner] = process.argv.slice(2);

while (existsSync(folder) && isAlive(Number(owner))) await sleep(300);
await endServers(folder);
