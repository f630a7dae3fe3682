import { SchedulerError } from '../core/index.js';
import type { Instant } from '../core/index.js';

/** A trigger answered a fire time that does not lie after the one before; following it would never end. */
export class StuckTriggerError extends SchedulerError {
  readonly code = 'STUCK_TRIGGER';

  constructor(
    readonly trigger: string,
    readonly after: Instant,
    readonly answer: Instant,
  ) {
    super(
      `The trigger ${trigger} answered ${answer} as its fire time after ${after}. A fire time must lie strictly after ` +
        `the instant it was asked for; correct the trigger's next().`,
    );
  }
}
