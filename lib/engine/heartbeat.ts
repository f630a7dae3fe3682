import { hashOfText } from '../core/index.js';
import type { Awaitable, Instant, JobPause, Millis, Store } from '../core/index.js';
import { nothing } from './patience.js';
import type { Patience } from './patience.js';
import type { SchedulerParts } from './scheduler-parts.js';
import { settled, then } from './settled.js';
import type { StoreHealth } from './store-health.js';
import type { StoreTime } from './store-time.js';

export interface HeartbeatParts {
  readonly parts: SchedulerParts;
  readonly store: Store;
  readonly time: StoreTime;
  readonly health: StoreHealth;
  readonly patience: Patience;
  /** Calls back once after a while, unless the node stops before. */
  readonly later: (wait: Millis, go: () => void) => void;
  /** The application's paused flag, as each beat answers it. */
  readonly onPause: (pause: JobPause | null) => void;
}

/** Tells the other nodes of the application that this one lives, and what it can run. */
export class Heartbeat {
  private jobIds: readonly string[] = [];
  private jobsDigest = '';
  private startedAt: Instant = 0;
  private isBeating = false;
  private mustRepeat = false;
  /** What the beat on its way says of the pause may be older than what this node has written. */
  private isOutdated = false;

  constructor(private readonly of: HeartbeatParts) {}

  /** The first beat: from here on this process is a live node. */
  join(jobIds: readonly string[]): Awaitable<void> {
    this.jobIds = jobIds;
    this.jobsDigest = hashOfText(jobIds.join('\n')).toString(16);
    this.startedAt = this.of.time.now();
    return then(this.write(), this.of.onPause);
  }

  beat(): void {
    if (this.isBeating) return;
    this.isBeating = true;
    this.isOutdated = false;
    settled(
      () => this.of.patience.await('a heartbeat', () => this.write(), nothing),
      (pause) => {
        this.isBeating = false;
        this.of.health.answered('beat');
        if (!this.isOutdated) this.of.onPause(pause);
      },
      (error) => {
        this.isBeating = false;
        this.of.health.failed('beat', error);
        this.repeatSoon();
      },
    );
  }

  /** With the next round it would come too late to be seen within a lease of the one before. */
  private repeatSoon(): void {
    if (this.mustRepeat) return;
    this.mustRepeat = true;
    this.of.later(this.of.health.wait('beat', Math.random()), () => {
      this.mustRepeat = false;
      if (this.of.health.isFailing('beat')) this.beat();
    });
  }

  /** This node has just written the flag: a later beat tells what has become of it. */
  pauseWritten(): void {
    this.isOutdated = this.isBeating;
  }

  leave(): Awaitable<void> {
    return this.of.store.nodes.leave(this.of.parts.node.id);
  }

  private write(): Awaitable<JobPause | null> {
    const { parts, store, time } = this.of;
    return store.nodes.beat({
      ...parts.node,
      appVersion: parts.appVersion,
      startedAt: this.startedAt,
      seenAt: time.now(),
      jobsDigest: this.jobsDigest,
      jobIds: this.jobIds,
      tasks: parts.tasks.names(),
    });
  }
}
