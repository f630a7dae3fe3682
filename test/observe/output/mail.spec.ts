import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';
import { isMailAddress, Mailer, outputHooks } from '../../../lib/observe/index.js';
import { observedContext, outcomeOf } from '../run-context.js';
import type { AddressInfo } from 'node:net';
import type { HookOutcome, OutputOptions } from '../../../lib/core/index.js';

interface Received {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
}

let server: SMTPServer;
let mails: Received[];

beforeEach(async () => {
  mails = [];
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('refused') ? new Error('no such mailbox here') : null),
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
});

afterEach(async () => {
  await new Promise<void>((resolve) => server.close(resolve));
});

const port = () => (server.server.address() as AddressInfo).port;
const mailer = () => new Mailer({ transport: `smtp://127.0.0.1:${port()}`, from: 'Scheduler <cron@example.com>' });

async function end(output: OutputOptions, outcome: HookOutcome): Promise<void> {
  const hooks = outputHooks(output, { mailer: mailer(), root: '.', isConfined: false });
  const { job } = observedContext();
  const kind = outcome.outcome === 'succeeded' ? 'onSuccess' : 'onFailure';
  for (const hook of hooks.first[kind] ?? []) await hook.call(job, outcome);
}

describe('mail with the output of a run, by a real mail server', () => {
  it('has subject, outcome, fire time and output', async () => {
    await end({ mailTo: ['ops@example.com', 'dev@example.com'] }, outcomeOf({ output: '3 files copied' }));
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({ from: 'cron@example.com', to: ['ops@example.com', 'dev@example.com'] });
    expect(mails[0].text).toMatch(/Subject: Nightly backup: succeeded/);
    expect(mails[0].text).toMatch(/Fire time: 2026-01-04T02:00:00.000Z/);
    expect(mails[0].text).toMatch(/3 files copied/);
  });

  it.each([
    ['mailTo', 'succeeded', null, 1],
    ['mailTo', 'failed', 'x', 1],
    ['mailWrittenTo', 'succeeded', null, 0],
    ['mailWrittenTo', 'succeeded', ' \n', 0],
    ['mailWrittenTo', 'failed', 'x', 1],
    ['mailOnFailureTo', 'succeeded', 'x', 0],
    ['mailOnFailureTo', 'failed', null, 1],
    ['mailOnFailureTo', 'timedOut', 'x', 1],
  ] as const)('%s: a run that %s and wrote %j makes %i mail', async (kind, outcome, output, count) => {
    await end({ [kind]: 'ops@example.com' }, outcomeOf({ outcome, output }));
    expect(mails).toHaveLength(count);
  });

  it('takes a transport that nodemailer made, and says when a mail was not taken', async () => {
    const { createTransport } = await import('nodemailer');
    const own = new Mailer({
      transport: createTransport({ host: '127.0.0.1', port: port() }),
      from: 'cron@example.com',
    });
    await own.send({ to: ['ops@example.com'], subject: 's', text: 't' });
    expect(mails).toHaveLength(1);
    const refused = own.send({ to: ['refused@example.com'], subject: 's', text: 't' });
    await expect(refused).rejects.toMatchObject({
      code: 'MAIL_FAILED',
      message: expect.stringMatching(/forRoot\(\{ mail \}\)/),
    });
  });

  it('takes a plugin of nodemailer, methods of its class included, and leaves it open for its owner', async () => {
    const sent: unknown[] = [];
    let closed = 0;
    class Kept {
      readonly name = 'kept';
      readonly version = '1.0.0';
      send(mail: { data: unknown; message: { getEnvelope(): unknown } }, done: (error: null, info: object) => void) {
        sent.push(mail.message.getEnvelope());
        done(null, {});
      }
      close() {
        closed++;
      }
    }
    const own = new Mailer({ transport: new Kept(), from: 'Cron <cron@example.com>' });
    await own.send({ to: ['ops@example.com', 'Dev <dev@example.com>'], subject: 's', text: 't' });
    await own.close();
    expect(sent).toEqual([{ from: 'cron@example.com', to: ['ops@example.com', 'dev@example.com'] }]);
    expect(closed).toBe(0);
  });

  it.each([
    'ops@example.com, thief@example.com',
    'thief@example.com, x <ops@example.com>',
    'x; thief@example.com <ops@example.com>',
    'Team: thief@example.com; <ops@example.com>',
    'ops@example.com\r\nBcc: thief@example.com',
    'Ops\nBcc: thief@example.com <ops@example.com>',
    '"Ops\r\nBcc: thief@example.com" <ops@example.com>',
    'ops@example.com>, <thief@example.com',
    'Ops\n<ops@example.com>',
    'ops@example.com\n',
    'ops',
    '',
  ])('sends nothing to what is not one address: %j', async (address) => {
    expect(isMailAddress(address)).toBe(false);
    const sent = mailer().send({ to: ['ops@example.com', address], subject: 's', text: 't' });
    await expect(sent).rejects.toMatchObject({ code: 'MAIL_FAILED', message: expect.stringMatching(/not one mail/) });
    const from = new Mailer({ transport: `smtp://127.0.0.1:${port()}`, from: address });
    await expect(from.send({ to: ['ops@example.com'], subject: 's', text: 't' })).rejects.toThrow(/not one mail/);
    expect(mails).toEqual([]);
  });

  it.each([
    'Ops Team <ops@example.com>',
    '"Team, Ops" <ops@example.com>',
    "O'Neil <ops@example.com>",
    '<ops@example.com>',
  ])('sends to one who has a name: %s', async (address) => {
    await mailer().send({ to: [address, 'dev@example.com'], subject: 's', text: 't' });
    expect(mails[0].to).toEqual(['ops@example.com', 'dev@example.com']);
  });

  it('tells no password of the transport when its server is away', async () => {
    const away = new Mailer({ transport: 'smtp://user:hunter2@127.0.0.1:1', from: 'cron@example.com' });
    const error = await away
      .send({ to: ['ops@example.com'], subject: 's', text: 't' })
      .catch((it: unknown) => it as Error);
    expect(error).toMatchObject({ code: 'MAIL_FAILED' });
    expect((error as Error).message).not.toMatch(/hunter2/);
  });
});
