/* Writes docs/reference from the source: the tables of options, the classes of errors and the list of events. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const jest = resolve(root, 'node_modules/jest/bin/jest.js');
const { status } = spawnSync(process.execPath, ['--experimental-vm-modules', jest, 'test/reference'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_NO_WARNINGS: '1', CARILLON_WRITE_REFERENCE: '1' },
});
process.exitCode = status ?? 1;
