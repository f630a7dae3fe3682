import { join } from 'node:path';

const sampleFolder = join(import.meta.dirname, '..');
const data = process.env.TOUR_DATA ?? join(sampleFolder, 'data');
const port = Number(process.env.PORT ?? 3000);

/** Everything that may differ between two places where the tour runs. */
export const settings = {
  port,
  data,
  database: join(data, 'tour.db'),
  /** Files that appear here are imported; the first start puts the shipped ones in. */
  inbox: join(data, 'inbox'),
  shippedFiles: join(sampleFolder, 'files'),
  reports: join(data, 'reports'),
  fireTimes: join(data, 'fire-times.json'),
  probeUrl: process.env.TOUR_PROBE_URL ?? `http://localhost:${port}/health`,
};
