// Before a benchmark: installs the peers when they are missing, and builds the library when it is older than its source.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const bench = import.meta.dirname;
const root = join(bench, '..');

if (!existsSync(join(bench, 'node_modules', 'croner'))) npm(['ci', '--no-audit', '--no-fund'], bench);
// Benchmarks with a package of their own are named on the command line.
for (const folder of process.argv.slice(2)) {
  const own = join(bench, folder);
  if (!existsSync(join(own, 'node_modules'))) npm(['ci', '--no-audit', '--no-fund'], own);
}
if (newestIn(join(root, 'dist')) < newestIn(join(root, 'lib'))) npm(['run', 'build'], root);

function npm(args, cwd) {
  console.error(`npm ${args.join(' ')} (in ${relative(root, cwd) || '.'})`);
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
