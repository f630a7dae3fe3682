import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { CommandProcess } from './support/command-process.js';

// Each command starts an application.
jest.setTimeout(60_000);

const commands = new CommandProcess();
const APP = { app: 'compat.module' };

beforeAll(async () => commands.start());
afterAll(() => commands.end());

it('schedule:list has the jobs of nest-carillon/compat: decorated ones, and those that were added', async () => {
  const { out, code } = await commands.run('schedule:list --timezone Europe/Berlin', APP);
  expect(code).toBe(0);
  expect(out).toMatch(/^report +active +At 09:00, Monday through Friday/m);
  expect(out).toMatch(/^added +active +When its timer fires: cron 30 2 /m);
  expect(out).toMatch(/^poll +active +When its timer fires: every 5000 ms/m);
  expect(out).toMatch(/^warm-up +active +When its timer fires: 60000 ms after/m);
});

it('schedule:test runs one of them here and now', async () => {
  const answer = await commands.run('schedule:test --name report', APP);
  expect(answer).toMatchObject({ code: 0 });
  expect(answer.out).toMatch(/^succeeded in/);
});
