import type { Clock, Instant, Millis, Timer } from '../../../../core/index.js';

/** Between two tries to listen, at most; the first one follows sooner. */
const LONGEST_PAUSE: Millis = 15_000;
const FIRST_PAUSE: Millis = 250;

/** The connection came about and hears nothing: a pooler between gives it another server connection each time. */
const DEAF_PAUSE: Millis = 300_000;

/** A word sent to oneself is heard within this time, or never. */
const PROBE_LIMIT: Millis = 3_000;

/** The rows are held while their owners are told: a connection that hangs is not waited for longer. */
const SAY_LIMIT: Millis = 1_000;

/** So often it is made sure that the connection still hears. */
const PROBE_EVERY: Millis = 60_000;

/** Instead of listening. */
const POLL: Millis = 1_000;

/** Wake-ups that come closer together are one. */
const APART: Millis = 20;

/** Begins what is said before claims are taken back. */
const WITHDRAWAL = 'withdrawal ';

interface Watcher {
  readonly wake: () => void;
  readonly doubt: () => void;
}

/** A connection that listens. */
export interface Ear {
  /** To everybody, without waiting for a connection of the pool. */
  say(payload: string): Promise<void>;
  /** Ends it; nothing is called after that. */
  close(): void;
}

export interface ListenerParts {
  readonly clock: Clock;
  /** This process: what it says itself is no news. */
  readonly sender: string;
  /** Opens a connection and listens on it; `lost` is called once, when it went away. */
  listen(heard: (payload: string) => void, lost: () => void): Promise<Ear>;
  /** Says something to everybody, over another connection. */
  notify(payload: string): Promise<void>;
  /** The same over a connection that is made for it, where none listens. */
  sayOnce(payload: string): Promise<void>;
}

/** Hears what other nodes changed. Where nothing can be heard, it wakes every second; it goes on trying, ever less often. */
export class PostgresListener {
  isListening = false;
  private readonly watchers = new Set<Watcher>();
  private ear: Ear | null = null;
  private failures = 0;
  private wokeAt: Instant = -Infinity;
  /** Raised by each start and stop: what was begun before it is void. */
  private round = 0;
  private readonly timers = new Map<'retry' | 'probe' | 'poll' | 'wake', Timer>();

  constructor(private readonly parts: ListenerParts) {}

  watch(wake: () => void, doubt: () => void): () => void {
    const watcher = { wake, doubt };
    this.watchers.add(watcher);
    if (this.watchers.size === 1) this.start();
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) this.stop();
    };
  }

  /** Claims may be taken back from here on: says so to everybody, this process too, while their rows are locked. */
  async announceWithdrawal(): Promise<void> {
    this.doubt();
    const payload = WITHDRAWAL + this.parts.sender;
    const { ear } = this;
    if (ear === null || !this.isListening) return await this.parts.sayOnce(payload);
    await this.inTime(ear.say(payload)).catch(() => this.parts.sayOnce(payload));
  }

  stop(): void {
    this.round++;
    this.isListening = false;
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
    this.ear?.close();
    this.ear = null;
  }

  private inTime(said: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.parts.clock.after(SAY_LIMIT, () => reject(new Error('not said in time')));
      said.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  private start(): void {
    this.round++;
    this.poll();
    void this.tryToListen(this.round);
  }

  private async tryToListen(round: number): Promise<void> {
    const isOver = (): boolean => this.round !== round;
    const heard = (payload: string): void => (isOver() ? undefined : this.heard(payload));
    const lost = (): void => (isOver() ? undefined : this.lost());
    try {
      const ear = await this.parts.listen(heard, lost);
      if (isOver()) return ear.close();
      this.ear = ear;
      this.probe();
    } catch {
      if (!isOver()) this.lost();
    }
  }

  private heard(payload: string): void {
    if (payload === `probe ${this.parts.sender}`) this.proven();
    else if (payload.startsWith(WITHDRAWAL)) this.doubt();
    else if (!payload.startsWith('probe') && payload !== this.parts.sender) this.wakeSoon();
  }

  /** Whoever hears himself hears the others. */
  private probe(): void {
    this.after('probe', PROBE_LIMIT, () => this.lost(this.isListening ? FIRST_PAUSE : DEAF_PAUSE));
    this.parts.notify(`probe ${this.parts.sender}`).catch(() => undefined);
  }

  private proven(): void {
    this.failures = 0;
    this.after('probe', PROBE_EVERY, () => this.probe());
    if (this.isListening) return;
    this.isListening = true;
    this.clear('poll');
    // What was said before was not heard.
    this.wakeSoon();
  }

  private lost(pause?: Millis): void {
    this.round++;
    this.isListening = false;
    this.ear?.close();
    this.ear = null;
    this.clear('probe');
    const longest = pause ?? Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.failures++, 10));
    const { round } = this;
    this.after('retry', longest * (0.5 + Math.random() / 2), () => void this.tryToListen(round));
    if (!this.timers.has('poll')) this.poll();
  }

  private poll(): void {
    this.after('poll', POLL * (0.8 + Math.random() / 5), () => {
      this.poll();
      this.wake();
    });
  }

  private wakeSoon(): void {
    if (this.timers.has('wake')) return;
    const wait = this.wokeAt + APART - this.parts.clock.monotonic();
    if (wait <= 0) return this.wake();
    this.after('wake', wait, () => {
      this.timers.delete('wake');
      this.wake();
    });
  }

  private wake(): void {
    this.wokeAt = this.parts.clock.monotonic();
    for (const { wake } of [...this.watchers]) wake();
  }

  private doubt(): void {
    for (const { doubt } of [...this.watchers]) doubt();
  }

  private after(name: 'retry' | 'probe' | 'poll' | 'wake', delay: Millis, then: () => void): void {
    this.clear(name);
    this.timers.set(name, this.parts.clock.after(delay, then));
  }

  private clear(name: 'probe' | 'poll' | 'retry' | 'wake'): void {
    this.timers.get(name)?.cancel();
    this.timers.delete(name);
  }
}
