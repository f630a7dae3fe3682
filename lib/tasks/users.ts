import { readFileSync } from 'node:fs';

/** Numbers of a user and its group. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

const PASSWD = '/etc/passwd';

/** null: this machine has no such user. A number without an entry is its own group. */
export function userIds(user: string | number): UserIds | null {
  for (const line of readFileSync(PASSWD, 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (gid !== undefined && (name === user || Number(uid) === user)) return { uid: Number(uid), gid: Number(gid) };
  }
  return typeof user === 'number' ? { uid: user, gid: user } : null;
}
