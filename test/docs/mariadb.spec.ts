import { expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import { describeOnServer, testServer } from '../support/servers/index.js';

jest.setTimeout(60_000);

const server = await testServer('mariadb');

describeOnServer(server, 'the guide to MariaDB', () => {
  it('opens a store by its URL', async () => {
    const place = await server.makePlace();
    const { url } = place;
    const stores = {
      db: { type: 'typeorm', options: { type: 'mariadb', url } },
    } as const;
    const imports = [SchedulerModule.forRoot({ application: 'shop', log: 'silent', stores })];
    const app = await (await Test.createTestingModule({ imports }).compile()).init();

    expect(await app.get(SchedulerRegistry).list()).toEqual([]);
    await app.close();
    await place.drop();
  });
});
