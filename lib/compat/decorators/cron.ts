import { noteOnMethod } from './note-on-method.js';
import type { DecoratorOptions } from '../../nest/index.js';
import type { CronTimeInput, PeerCronOptions } from '../peer-note.js';

/** Options of a job that this package adds: `store`, `maxInstances`, `onOneServer`, `retry`, `timeout` and the others. */
export type CarillonOptions = Omit<DecoratorOptions, 'id' | 'name' | 'timezone' | 'enabled'>;

/** Options of `@Cron`: those of `@nestjs/schedule`, and those of this package's jobs. */
export type CronOptions = CarillonOptions & {
  /** Name in the registry. Default: `Class.method`. */
  name?: string;
  /** The process may end although the job is to come. */
  unrefTimeout?: boolean;
  /** No run starts while one is open; its fire time is skipped. Default false: runs may overlap. */
  waitForCompletion?: boolean;
  /** Registered, but not started. Default false. */
  disabled?: boolean;
  /** How late a run may start, in milliseconds. Default: however late. */
  threshold?: number;
  /** Milliseconds from the application's start until the job is started. */
  initialDelay?: number;
} & (
    | {
        /** IANA name. Default: the machine's zone, or `scheduler.timezone` of the module. */
        timeZone?: string;
        utcOffset?: never;
      }
    | {
        timeZone?: never;
        /** Minutes that the wall clock is ahead of UTC. */
        utcOffset?: number;
      }
  );

/**
 * Runs the method at the times of a cron expression, or once at an instant. Several on one method are several jobs.
 *
 * @example @Cron(CronExpression.EVERY_30_SECONDS, { name: 'sync', waitForCompletion: true }) async sync() {}
 */
export function Cron(cronTime: CronTimeInput, options: CronOptions = {}): MethodDecorator {
  const { name, timeZone, utcOffset, unrefTimeout, waitForCompletion, disabled, threshold, initialDelay, ...own } =
    options;
  const peer: PeerCronOptions = {
    name,
    timeZone,
    utcOffset,
    unrefTimeout,
    waitForCompletion,
    disabled,
    threshold,
    initialDelay,
  };
  return noteOnMethod('Cron', { kind: 'cron', name, cronTime, length: undefined, peer, own });
}
