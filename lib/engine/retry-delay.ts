import type { Millis, RetryPolicy } from '../core/index.js';

/** A loss after the first waits a random part of this for each loss, so that neighbours part from the culprit. */
const LOSS_STEP: Millis = 30_000;

/**
 * How long after a failed try the next one is due.
 *
 * @param tries tries made so far, from 1
 * @param random from 0 to below 1
 */
export function retryDelay(policy: RetryPolicy, tries: number, random: number): Millis {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(tries - 1, 50) : 1;
  return Math.floor(Math.min(policy.delay * factor, policy.maxDelay) + random * policy.jitter);
}

/** The first loss is retried at once, later ones after up to losses × 30 s. */
export function lossDelay(losses: number, random: number): Millis {
  return losses <= 1 ? 0 : Math.floor(random * losses * LOSS_STEP);
}
