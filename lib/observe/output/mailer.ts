import { loadOptional } from '../../core/index.js';
import { MailError } from './errors.js';
import { isMailAddress } from './mail-address.js';

/**
 * How mail is sent: what nodemailer's `createTransport` takes (options, a URL, or a plugin with a `send`), or a transport
 * that it made.
 */
export interface MailOptions {
  readonly transport: string | object;
  /** Sender: an address, or `Name <address>`. */
  readonly from: string;
}

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** What nodemailer calls a transport: it is given the whole mail, and says by its callback what became of it. */
interface Plugin {
  readonly name: string;
  readonly version: string;
  send(mail: unknown, callback: (error: Error | null, info: unknown) => void): void;
}

/** The part of nodemailer's transport that is used. */
interface Transport {
  sendMail(mail: { from: string; to: string; subject: string; text: string }): Promise<unknown>;
  close?(): unknown;
}

/** How long a mail server is waited for: its default of two minutes would hold a run's slot. */
const LIMITS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** Sends mail through nodemailer, which is loaded with the first one. */
export class Mailer {
  private transport: Promise<Transport> | null = null;

  constructor(private readonly options: MailOptions) {}

  /** Loads nodemailer. @throws {MissingPackageError} */
  async open(): Promise<void> {
    await this.ready();
  }

  /** @throws {MailError} {MissingPackageError} */
  async send({ to, subject, text }: Mail): Promise<void> {
    const transport = await this.ready();
    const wrong = [this.options.from, ...to].find((address) => !isMailAddress(address));
    if (wrong !== undefined) throw new MailError(to, `${JSON.stringify(wrong)} is not one mail address`);
    try {
      await transport.sendMail({ from: this.options.from, to: to.join(', '), subject, text });
    } catch (error) {
      throw new MailError(to, problemOf(error), { cause: error });
    }
  }

  /** Ends connections that a pool keeps open; a transport or a plugin that was given is its owner's. */
  async close(): Promise<void> {
    if (isGiven(this.options.transport)) return;
    const transport = await this.transport?.catch(() => null);
    await transport?.close?.();
  }

  private ready(): Promise<Transport> {
    this.transport ??= this.load();
    return this.transport;
  }

  private async load(): Promise<Transport> {
    const { transport } = this.options;
    if (isTransport(transport)) return transport;
    const wanted = { name: 'nodemailer', feature: 'Mail with the output of runs', install: 'npm install nodemailer' };
    const { createTransport } = await loadOptional(wanted, () => import('nodemailer'));
    // Its methods may be its class's, which a copy would not have.
    if (isPlugin(transport)) return createTransport(transport);
    const given = typeof transport === 'string' ? { url: transport } : transport;
    return createTransport({ ...LIMITS, ...given });
  }
}

function isGiven(transport: string | object): boolean {
  return isTransport(transport) || isPlugin(transport);
}

function isPlugin(value: string | object): value is Plugin {
  return typeof value === 'object' && 'send' in value && typeof value.send === 'function';
}

function isTransport(value: string | object): value is Transport & object {
  return typeof value === 'object' && 'sendMail' in value && typeof value.sendMail === 'function';
}

/** What the server said, without what was said to it. */
function problemOf(error: unknown): string {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const known = [code, responseCode].filter((it) => typeof it === 'string' || typeof it === 'number').join(' ');
  return known === '' ? 'the transport failed' : known;
}
