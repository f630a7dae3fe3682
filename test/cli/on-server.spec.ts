import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describeOnServer, testServer, type Place } from '../support/servers/index.js';
import { CommandProcess } from './support/command-process.js';

// Each command starts an application.
jest.setTimeout(60_000);

for (const engine of ['postgres', 'mariadb'] as const) {
  const server = await testServer(engine);

  describeOnServer(server, `a process that only looks at a ${server.title} that nobody has used`, () => {
    const commands = new CommandProcess();
    let place: Place;
    let database: DataSource;

    beforeAll(async () => {
      place = await server.makePlace();
      database = await new DataSource(options()).initialize();
      await commands.start();
    });
    afterAll(async () => {
      commands.end();
      await database.destroy();
      await place.drop();
    });

    const options = (url = place.url): DataSourceOptions => ({ type: engine, url });
    const run = (line: string, url = place.url) =>
      commands.run(line, { app: 'on-server.module', env: { CLI_DATA_SOURCE: JSON.stringify(options(url)) } });

    async function tables(): Promise<string[]> {
      const own = engine === 'postgres' ? `= 'public'` : `= DATABASE()`;
      const rows = await database.query(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema ${own}`,
      );
      return rows.map((row: { name: string }) => row.name);
    }

    it.each(['schedule:list', 'schedule:diff', 'schedule:preview', 'schedule:history', 'schedule:lint'])(
      '%s answers as of an empty store, and makes no table',
      async (line) => {
        const { code, err } = await run(line);
        expect({ isDone: code < 2, err }).toEqual({ isDone: true, err: '' });
        expect(await tables()).toEqual([]);
      },
    );

    it.each([
      ['schedule:pause --all', 4, /nothing of this application yet/],
      ['schedule:pause report', 2, /is in this code and not yet in store "db"/],
      ['schedule:prune', 0, /^$/],
    ])('%s ends with %i, in one line, and makes no table', async (line, code, message) => {
      const answer = await run(line);
      expect(answer.code).toBe(code);
      expect(answer.err).toMatch(message);
      expect(answer.err.split('\n')).toHaveLength(1);
      expect(await tables()).toEqual([]);
    });

    it('a server that is away is one line, without its password', async () => {
      const { code, out, err } = await run('schedule:list', `${engine}://carillon:hunter2@127.0.0.1:1/none`);
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toMatch(/could not be started/);
      expect(err).not.toMatch(/hunter2/);
      expect(err.split('\n')).toHaveLength(1);
    });

    it('tables of a later version are refused in one line, and stay as they are', async () => {
      expect(await run('schedule:run --once')).toMatchObject({ code: 0 });
      const before = await tables();
      expect(before).toContain('carillon_jobs');
      await database.query(
        `INSERT INTO carillon_migrations (timestamp, name) VALUES (9999999999999, 'CarillonLater9999999999999')`,
      );
      const { code, out, err } = await run('schedule:list');
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toMatch(/upgraded by a newer version of nest-carillon/);
      expect(err.split('\n')).toHaveLength(1);
      expect(await tables()).toEqual(before);
    });
  });
}
