import { SchedulerError } from '../../core/index.js';
import {
  messageOf,
  RedisAccessError,
  RedisFullError,
  RedisNotReadyError,
  RedisNotWritableError,
  RedisQueryError,
  RedisStoreOptionsError,
  RedisUnreachableError,
} from './errors.js';

/** Whose error it is. */
export interface Place {
  readonly store: string;
  /** Host and port, never a password. */
  readonly address: string;
}

const ACCESS = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);
const NOT_READY: Readonly<Record<string, string>> = {
  LOADING: 'it loads its data from disk',
  CLUSTERDOWN: 'the cluster has no node for some keys',
  MASTERDOWN: 'the replica has lost its master',
  TRYAGAIN: 'keys of the cluster are being moved',
  BUSY: 'a script keeps it busy',
};
const NOT_WRITABLE: Readonly<Record<string, string>> = {
  READONLY: 'it is a read-only replica, perhaps after a failover; the connection is made anew',
  MISCONF: 'it cannot write its data to disk (a full disk, or no right to write), see its log',
  NOREPLICAS: 'fewer replicas are connected than min-replicas-to-write asks for',
};
const NETWORK = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  'NR_CLOSED',
]);
const LOST =
  /Connection is closed|max retries per request|enableOfflineQueue|Stream isn't writeable|All sentinels|slots cache/i;

/** What a client threw, with a code of ours and advice. */
export function classified(error: unknown, { store, address }: Place): SchedulerError {
  if (error instanceof SchedulerError) return error;
  const message = messageOf(error);
  const cause = { cause: bare(error) };
  const [word] = message.split(' ', 1);
  // A password that is needed but not given comes as NOAUTH, one that nobody asked for as ERR.
  if (ACCESS.has(word) || /AUTH <password> called without any password/.test(message)) {
    return new RedisAccessError(store, address, message, cause);
  }
  if (word === 'MOVED' || word === 'ASK') {
    const advice = `Redis at ${address} is part of a cluster, and keys are on another node. Give "client": new Cluster([…]).`;
    return new RedisStoreOptionsError(store, advice);
  }
  if (word === 'OOM') return new RedisFullError(store, address, cause);
  if (word in NOT_WRITABLE) return new RedisNotWritableError(store, address, NOT_WRITABLE[word], cause);
  if (word in NOT_READY) return new RedisNotReadyError(store, address, NOT_READY[word], cause);
  if (isLost(error)) return new RedisUnreachableError(store, address, message, cause);
  return new RedisQueryError(store, address, cause);
}

/** The connection broke: whether the command was carried out is not known. */
export function isLost(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return (typeof code === 'string' && NETWORK.has(code)) || LOST.test(messageOf(error));
}

/** Without the command: its arguments are a password, or what jobs carry. */
function bare(error: unknown): Error {
  const copy = new Error(messageOf(error));
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (typeof name === 'string') copy.name = name;
  return typeof code === 'string' ? Object.assign(copy, { code }) : copy;
}
