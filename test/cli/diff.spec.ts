import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CommandProcess } from './support/command-process.js';

// Each command starts an application.
jest.setTimeout(60_000);

const commands = new CommandProcess();

beforeAll(async () => {
  await commands.start();
  await commands.run('schedule:run --once', { app: 'deployed.module', env: { CLI_ADDS: 'true' } });
});
afterAll(() => commands.end());

const TO_DEPLOY = { app: 'to-deploy.module', env: { CLI_VERSION: '2.0.0' } };

/** Without the days of next fire times, which are those of the test: hours are what the deploy changes. */
async function diff(options: string, given = TO_DEPLOY) {
  const { code, out, err } = await commands.run(`schedule:diff${options}`, given);
  return { code, err, out: out.replace(/\d{4}-\d\d-\d\d(?=T\d\d:00:00\.000Z)/g, '') };
}

describe('schedule:diff before a deploy', () => {
  it('has a line for each job that is new, changed, renamed, gone or refused, and none for the others', async () => {
    const { code, out, err } = await diff('');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      '+ new  At 12:00, next T12:00:00.000Z',
      '~ moved  trigger; next T09:00:00.000Z → T10:00:00.000Z',
      '~ zone  trigger; next T09:00:00.000Z → T00:00:00.000Z',
      '~ options  options; next T09:00:00.000Z',
      '~ both  trigger, options; next T09:00:00.000Z → T11:00:00.000Z',
      '~ before → after  id; next T09:00:00.000Z',
      '- gone  no longer in the code: set aside once no node has it, next was T09:00:00.000Z',
      '! taken  a job that was added at run time has this id',
    ]);
  });

  it('tells the same as JSON', async () => {
    const { code, out, err } = await diff(' --json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { added, ...rest } = JSON.parse(out) as Record<string, unknown>;
    expect(added).toEqual([expect.objectContaining({ id: 'new', store: 'default', nextFireTime: 'T12:00:00.000Z' })]);
    const [nine, db] = ['T09:00:00.000Z', { store: 'default', nextFireTimeBefore: 'T09:00:00.000Z' }];
    expect(rest).toEqual({
      changed: [
        { ...db, id: 'moved', idBefore: 'moved', what: ['trigger'], nextFireTimeAfter: 'T10:00:00.000Z' },
        { ...db, id: 'zone', idBefore: 'zone', what: ['trigger'], nextFireTimeAfter: 'T00:00:00.000Z' },
        { ...db, id: 'options', idBefore: 'options', what: ['options'], nextFireTimeAfter: nine },
        { ...db, id: 'both', idBefore: 'both', what: ['trigger', 'options'], nextFireTimeAfter: 'T11:00:00.000Z' },
        { ...db, id: 'after', idBefore: 'before', what: ['id'], nextFireTimeAfter: nine },
      ],
      orphaned: [{ store: 'default', id: 'gone', nextFireTime: nine }],
      refused: ['taken'],
      newer: [],
    });
  });

  it('ends with 1 for a difference where it is asked to, and changes nothing by looking', async () => {
    expect(await diff(' --exit-code')).toMatchObject({ code: 1, err: '' });
    expect(await diff(' --exit-code --json')).toMatchObject({ code: 1, err: '' });
    const same = { app: 'deployed.module', env: { CLI_VERSION: '' } };
    expect(await diff(' --exit-code', same)).toEqual({ code: 0, err: '', out: 'No difference.' });
  });

  it('says what an older version would leave as it is', async () => {
    const { out } = await diff('', { app: 'to-deploy.module', env: { CLI_VERSION: '0.9.0' } });
    const lines = out.split('\n').filter((line) => line.startsWith('='));
    expect(lines).toEqual(
      ['moved', 'zone', 'options', 'both'].map((id) => `= ${id}  a newer version wrote it: it stays`),
    );
    expect(out).not.toMatch(/^~ (moved|zone|options|both)/m);
  });
});
