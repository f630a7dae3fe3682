/** What of an application's options says where its server is. */
export interface Reaching {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly database?: string;
}

/** What a url says of it. */
export interface UrlParts {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** null: there is none, or it cannot be read. */
export function urlParts({ url }: Reaching, defaultPort: number): UrlParts | null {
  try {
    const { hostname, port, pathname } = new URL(url!);
    return { host: hostname, port: Number(port || defaultPort), database: decodeURIComponent(pathname.slice(1)) };
  } catch {
    return null;
  }
}

/** A url is given that says nothing, and no host beside it. */
export function isUnreadable({ url, host }: Reaching, parts: UrlParts | null): boolean {
  return host === undefined && url !== undefined && url !== '' && parts === null;
}

/** In place of a server's name. */
export const UNREADABLE = '(its url cannot be read)';
