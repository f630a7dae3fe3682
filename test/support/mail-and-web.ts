import { once } from 'node:events';
import { createServer } from 'node:http';
import { SMTPServer } from 'smtp-server';
import type { AddressInfo, Server } from 'node:net';

/** A mail as the server took it. */
export interface TakenMail {
  readonly to: readonly string[];
  readonly subject: string;
  /** Head and body, with lines joined that the transfer had cut. */
  readonly text: string;
}

export interface MailServer {
  readonly mails: TakenMail[];
  /** For `forRoot({ mail })`. */
  readonly options: { readonly transport: string; readonly from: string };
  close(): Promise<void>;
}

/** A real mail server on this machine. */
export async function startMailServer(): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString().replaceAll('=\r\n', '').replaceAll('\r\n', '\n');
        const subject = /^Subject: (.*)$/m.exec(text)?.[1] ?? '';
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), subject, text });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const transport = `smtp://127.0.0.1:${portOf(server.server)}`;
  const close = () => new Promise<void>((resolve) => server.close(resolve));
  return { mails, options: { transport, from: 'Scheduler <cron@example.com>' }, close };
}

export interface WebServer {
  /** Paths that were asked for, in order. */
  readonly paths: string[];
  readonly url: string;
  close(): Promise<void>;
}

/** A real web server on this machine; its answer is 204. */
export async function startWebServer(): Promise<WebServer> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url!);
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { paths, url: `http://127.0.0.1:${portOf(server)}`, close };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
