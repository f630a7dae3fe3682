import { SystemClock } from '../core/index.js';
import type { Awaitable } from '../core/index.js';
import type { Assembly } from '../nest/index.js';

type Scheduler = Assembly['scheduler'];
export type Driver = NonNullable<Parameters<Scheduler['driveBy']>[1]>;
export type Tick = Parameters<Scheduler['tick']>[1];

/** Makes runs when timers outside of the scheduler fire, and stops and starts jobs for objects that are synchronous. */
export class Ticks {
  constructor(private readonly assembly: Assembly) {}

  /** Timers of the platform stand for jobs of this process only, and only while nobody else owns its time. */
  get areNative(): boolean {
    return this.assembly.clock instanceof SystemClock;
  }

  /** Before the start there is nothing to run yet, after the stop nothing any more. */
  get isRunning(): boolean {
    return this.assembly.scheduler.state === 'running' && this.assembly.options.enabled;
  }

  /** The application closes: nothing is written any more. */
  get hasEnded(): boolean {
    const { state } = this.assembly.scheduler;
    return state === 'stopping' || state === 'stopped';
  }

  /** Who is asked for the fire times of a job from now on; null: nobody, it fires no more. */
  drive(id: string, driver: Driver | null): void {
    this.assembly.scheduler.driveBy(id, driver);
  }

  /** A timer fired: makes a run, unless the job or the application is paused. */
  tick(id: string, tick: Tick): void {
    if (this.isRunning) this.quietly(() => this.assembly.scheduler.tick(id, tick));
  }

  /** Makes a run now, paused or not. */
  run(id: string, force: boolean): void {
    this.quietly(() => this.assembly.scheduler.runNow(id, { args: null, force, atOnce: true }));
  }

  pause(id: string, reason: string): void {
    if (this.hasEnded) return;
    this.quietly(() => this.assembly.scheduler.pause(id, { by: 'nest-carillon/compat', reason, until: null }));
  }

  resume(id: string): void {
    if (this.hasEnded) return;
    this.quietly(() => this.assembly.scheduler.resume(id, { catchUp: false }));
  }

  /** Does what may answer at once or later; what fails is told, for nobody waits for it. */
  quietly(work: () => Awaitable<unknown>): void {
    try {
      const answer = work();
      if (answer instanceof Promise) answer.catch((error: unknown) => this.tell(error));
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    this.assembly.complain(error);
  }
}
