import { onServer } from './on-server.js';

/** On PostgreSQL, which is restarted with its own recovery, so that a crash of the server is a crash. */
export const postgres = onServer({
  title: 'PostgreSQL',
  engine: 'postgres',
  readsAreSnapshots: true,
  options: (url) => ({ type: 'typeorm', options: { type: 'postgres', url: url.href } }),
});

/** On MariaDB, which writes each commit to its log before it answers. */
export const mariadb = onServer({
  title: 'MariaDB',
  engine: 'mariadb',
  readsAreSnapshots: true,
  options: (url) => ({ type: 'typeorm', options: { type: 'mariadb', url: url.href } }),
});
