import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterStore } from './cluster-store.js';

/** All processes on one file. */
export const sqlite: ClusterStore = {
  title: 'SQLite',
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-cluster-'));
    return {
      options: { type: 'typeorm', options: { type: 'better-sqlite3', database: join(folder, 'app.db') } },
      readsAreSnapshots: true,
      close: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};
