import { describe, it } from '@jest/globals';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { claimOnce, runFolder } from './run-folder.js';
import type { TestServer } from './test-server.js';

/** A suite that needs a server: skipped with a reason, once a run, where there is none; with `CI=true` it fails. */
export function describeOnServer(server: TestServer, title: string, suite: () => void): void {
  if (server.url !== undefined) {
    describe(title, suite);
    return;
  }
  if (process.env.CI === 'true') {
    describe(title, () => {
      it(`has a ${server.title} to run on`, () => {
        throw new Error(server.reason);
      });
    });
    return;
  }
  sayOnce(server);
  describe.skip(title, suite);
}

function sayOnce(server: TestServer): void {
  if (claimOnce(join(runFolder(), `${server.engine}.said`))) writeSync(2, `${server.reason}\n`);
}
