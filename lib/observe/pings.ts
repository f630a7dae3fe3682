import { listed } from './output/output-hooks.js';
import type { Clock, Hook, HookKind, JobContext, JobHooks, Millis, PingOptions, Timer } from '../core/index.js';

/** Time limit of one call. */
const LIMIT: Millis = 5_000;

/** How long a closing node waits for calls on their way. */
const CLOSE_LIMIT: Millis = 2_000;

/** Waits before the second and the third call. */
const RETRIES: readonly Millis[] = [1_000, 5_000];

/**
 * Calls URLs around runs, by GET. A run does not wait for its pings, and never fails by one; what fails for good is told
 * in the run's log, with the host alone: the rest of such a URL is often a secret.
 */
export class Pings {
  private readonly open = new Set<Promise<void>>();
  private readonly calls = new Set<AbortController>();
  private readonly controller = new AbortController();

  /** @param network real time: the network keeps that under a test's clock, too */
  constructor(
    private readonly clock: Clock,
    private readonly network: Clock = clock,
  ) {}

  hooks({ before, after, onSuccess, onFailure }: PingOptions): JobHooks {
    return {
      before: this.hooksFor('before', before),
      after: this.hooksFor('after', after),
      onSuccess: this.hooksFor('onSuccess', onSuccess),
      onFailure: this.hooksFor('onFailure', onFailure),
    };
  }

  /** Ends when those on their way have ended, after 2 s at most; nothing is tried again from here on. */
  async close(): Promise<void> {
    this.controller.abort();
    if (this.open.size === 0) return;
    const cutOff = (): void => this.calls.forEach((call) => call.abort('before the end of this node'));
    const timer = this.network.after(CLOSE_LIMIT, cutOff);
    await Promise.all(this.open);
    timer.cancel();
  }

  private hooksFor(kind: HookKind, urls: string | readonly string[] | undefined): readonly Hook[] {
    return listed(urls).map((url) => ({ name: `ping ${hostOf(url)} (${kind})`, call: (job) => this.send(url, job) }));
  }

  private send(url: string, job: JobContext): void {
    const ping = this.tryAll(url).then((problem) => {
      if (problem !== null) job.logger.warn(`The ping to ${hostOf(url)} failed: ${problem}`);
    });
    this.open.add(ping);
    void ping.finally(() => this.open.delete(ping));
  }

  /** null: it was taken. */
  private async tryAll(url: string): Promise<string | null> {
    let problem = await this.tryOnce(url);
    for (const wait of RETRIES) {
      if (problem === null || !(await this.waited(wait))) return problem;
      problem = await this.tryOnce(url);
    }
    return problem;
  }

  private async tryOnce(url: string): Promise<string | null> {
    const controller = new AbortController();
    this.calls.add(controller);
    const timer = this.clock.after(LIMIT, () => controller.abort(`within ${LIMIT} ms`));
    try {
      const response = await fetch(url, { signal: controller.signal, redirect: 'follow' });
      await response.body?.cancel();
      return response.ok ? null : `status ${response.status}`;
    } catch {
      const { signal } = controller;
      return signal.aborted ? `no answer ${String(signal.reason)}` : 'it could not be reached';
    } finally {
      timer.cancel();
      this.calls.delete(controller);
    }
  }

  /** false: this node is closing. */
  private waited(delay: Millis): Promise<boolean> {
    const { signal } = this.controller;
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isOver: boolean, timer: Timer): void => {
        timer.cancel();
        signal.removeEventListener('abort', stop);
        resolve(isOver);
      };
      const timer: Timer = this.clock.after(delay, () => end(true, timer));
      const stop = (): void => end(false, timer);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'a URL that cannot be read';
  }
}
