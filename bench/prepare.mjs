// Before a benchmark: installs the peers when they are missing, and builds the library when it is older than its source.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const bench = import.meta.dirname;
const root = join(bench, '..');

if (!existsSync(join(bench, 'node_modules', 'croner'))) npm(['ci', '--no-audit', '--no-fund'], bench);
if (newestIn(join(root, 'dist')) < newestIn(join(root, 'lib'))) npm(['run', 'build'], root);

function npm(args, cwd) {
  console.error(`npm ${args.join(' ')} (in ${cwd === root ? '.' : 'bench'})`);
  const { status } = spawnSync('npm', args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function newestIn(folder) {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs));
}
