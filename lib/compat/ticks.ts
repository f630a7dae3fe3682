import { SystemClock } from '../core/index.js';
import type { Awaitable, JobRecord } from '../core/index.js';
import type { Assembly } from '../nest/index.js';

/** Makes runs when timers outside of the scheduler fire, and stops and starts jobs for objects that are synchronous. */
export class Ticks {
  private isPaused = false;

  constructor(private readonly assembly: Assembly) {
    assembly.events.on('scheduler.paused', () => (this.isPaused = true));
    assembly.events.on('scheduler.resumed', () => (this.isPaused = false));
  }

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

  /** A timer fired: makes a run, unless the job or the application is paused. */
  tick(id: string, force = false): void {
    if (!this.isRunning) return;
    this.quietly(() => {
      const found = this.assembly.scheduler.get(id);
      if (found instanceof Promise) return found.then((later) => this.runUnlessPaused(later?.job, force));
      return this.runUnlessPaused(found?.job, force);
    });
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

  private runUnlessPaused(job: JobRecord | undefined, force: boolean): Awaitable<unknown> {
    if (job === undefined || job.pause !== null) return undefined;
    if (this.isPaused && !job.policy.evenInMaintenanceMode) return undefined;
    return this.assembly.scheduler.runNow(job.id, { args: null, force, atOnce: true });
  }

  private tell(error: unknown): void {
    this.assembly.complain(error);
  }
}
