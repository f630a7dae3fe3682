import { readFileSync } from 'node:fs';

/** What the machine knows of a user. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Null: a number without an entry has no name and no home. */
  readonly account: { readonly name: string; readonly home: string } | null;
}

const PASSWD = '/etc/passwd';

/** null: this machine has no such user. A number without an entry is its own group. */
export function findUser(user: string | number): User | null {
  for (const line of readFileSync(PASSWD, 'utf8').split('\n')) {
    const [name, , uid, gid, , home] = line.split(':');
    if (home === undefined || (name !== user && Number(uid) !== user)) continue;
    return { uid: Number(uid), gid: Number(gid), account: { name, home } };
  }
  return typeof user === 'number' ? { uid: user, gid: user, account: null } : null;
}

/** Whose process it is, as a log-in sets it; what this process has of its own user is none of theirs. */
export function userEnvironment({ account }: User): Record<string, string | undefined> {
  return { HOME: account?.home ?? '/', USER: account?.name, LOGNAME: account?.name };
}
