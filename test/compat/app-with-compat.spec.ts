/** The same application with its import exchanged: every observation is the one of @nestjs/schedule. */
import { expect, it, jest } from '@jest/globals';
import { OBSERVED } from './app/observed.js';

jest.unstable_mockModule('@nestjs/schedule', () => import('../../lib/compat/index.js'));

it('the application of fifteen modules, on nest-carillon/compat', async () => {
  const { AppModule } = await import('./app/app.module.js');
  const { observe } = await import('./app/scenario.js');
  expect(await observe(AppModule)).toEqual(OBSERVED);
}, 60_000);
