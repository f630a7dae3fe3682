// The cluster test in its whole length; arguments go to jest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const jest = join(import.meta.dirname, '../../node_modules/jest/bin/jest.js');
const flags = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'];
const args = [...flags, jest, 'test/cluster/cluster.spec.ts', '--verbose', ...process.argv.slice(2)];
const env = { ...process.env, CARILLON_CLUSTER: 'whole' };
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
process.exitCode = status ?? 1;
