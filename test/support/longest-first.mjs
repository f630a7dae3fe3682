// Those that take longest begin first: whatever is left at the end of a run, one of them alone would hold it up.
import { sep } from 'node:path';

/** In the order of their times; most of the first one's is spent waiting for leases to end. */
const LONGEST = [
  'test/cluster/cluster.spec.ts',
  'test/simulator/model.spec.ts',
  'test/simulator/stores.spec.ts',
  'test/packaging/consumers.spec.ts',
  'test/simulator/mutants.spec.ts',
  'test/cluster/deploy.spec.ts',
  'test/stores/typeorm/postgres-faults.spec.ts',
].map((path) => path.replaceAll('/', sep));

export default class LongestFirst {
  sort(tests) {
    return [...tests].sort((a, b) => placeOf(a.path) - placeOf(b.path) || (a.path < b.path ? -1 : 1));
  }

  cacheResults() {}
}

function placeOf(path) {
  const place = LONGEST.findIndex((it) => path.endsWith(it));
  return place < 0 ? LONGEST.length : place;
}
