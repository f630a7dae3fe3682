/** The application as it was written, on @nestjs/schedule: what is recorded here is what the compat entry must show. */
import { expect, it } from '@jest/globals';
import { AppModule } from './app/app.module.js';
import { OBSERVED } from './app/observed.js';
import { observe } from './app/scenario.js';

it('the application of fifteen modules, on @nestjs/schedule', async () => {
  expect(await observe(AppModule)).toEqual(OBSERVED);
}, 60_000);
