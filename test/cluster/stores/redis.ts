import { onServer } from './on-server.js';

/** On Redis as it has to be where nothing may be lost: each write is on the disk before it is answered. */
export const redis = onServer({
  title: 'Redis',
  engine: 'redis',
  settings: { appendonly: 'yes', appendfsync: 'always' },
  // A page of runs is read in several commands.
  readsAreSnapshots: false,
  options: (url, name) => ({ type: 'redis', url: url.href, keyPrefix: name }),
});
