import type { Random } from './random.js';

/** What is done to the cluster, at a time counted from the begin of the window, ms. */
export type Fault =
  /** SIGKILL, and a new process in its place after `downMs`. */
  | { readonly kind: 'kill'; readonly at: number; readonly slot: number; readonly downMs: number }
  /** SIGSTOP for `forMs`, then SIGCONT: a zombie, whose runs others have taken over meanwhile. */
  | { readonly kind: 'freeze'; readonly at: number; readonly slot: number; readonly forMs: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'restart'; readonly at: number; readonly how: 'stop' | 'crash'; readonly downMs: number };

export interface FaultPlanSize {
  readonly slots: number;
  readonly windowMs: number;
  readonly hasServer: boolean;
}

const FROZEN_FOR = 20_000;
/** Until then nothing but deaths: how soon they are made good is told by these. */
export const QUIET_FOR = 14_500;
const FROZEN_SLOT = 0;

/**
 * At first one process is killed and one is frozen while the store answers all the time. From then on processes are
 * killed at random, connections are cut and the server is restarted.
 */
export function faultPlan({ slots, windowMs, hasServer }: FaultPlanSize, random: Random): Fault[] {
  const others = Array.from({ length: slots - 1 }, (_, index) => index + 1);
  const kill = (at: number): Fault => ({
    kind: 'kill',
    at,
    slot: random.pick(others),
    downMs: random.between(200, 2_000),
  });
  const faults: Fault[] = [
    kill(random.between(3_000, 3_500)),
    { kind: 'freeze', at: random.between(3_500, 4_500), slot: FROZEN_SLOT, forMs: FROZEN_FOR },
  ];
  for (let at = QUIET_FOR + random.between(4_000, 4_500); at < windowMs; at += random.between(4_000, 9_000))
    faults.push(kill(at));
  if (hasServer) faults.push(...serverFaults(windowMs, random));
  return faults.sort((a, b) => a.at - b.at);
}

function serverFaults(windowMs: number, random: Random): Fault[] {
  const faults: Fault[] = [];
  for (let at = QUIET_FOR + random.between(500, 1_500); at < windowMs; at += random.between(5_000, 12_000)) {
    faults.push({ kind: 'cut', at });
  }
  const restartAt = random.between(Math.max(QUIET_FOR + 3_000, windowMs * 0.6), windowMs * 0.9);
  const how = random.pick(['stop', 'crash'] as const);
  return [...faults, { kind: 'restart', at: restartAt, how, downMs: random.between(500, 2_000) }];
}
