// Copies one file into a folder, under the day's name: `SOURCE=app.db TARGET=backups node backup.js`
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

const { SOURCE, TARGET, CARILLON_FIRE_TIME } = process.env;
if (SOURCE === undefined || TARGET === undefined) {
  console.error('Say what is copied where: SOURCE and TARGET.');
  process.exit(2);
}
const day = (CARILLON_FIRE_TIME ?? new Date().toISOString()).slice(0, 10);
await mkdir(TARGET, { recursive: true });
const copy = join(TARGET, `${day}-${basename(SOURCE)}`);
await copyFile(SOURCE, copy);
console.log(`${SOURCE} copied to ${copy}, ${(await stat(copy)).size} bytes`);
