import { weekdaysText, type Weekday } from './field-text.js';
import { JobModifiers } from './job-modifiers.js';
import type { LineFields } from './timing.js';

/** A job whose times of day are set, and whose days may still be chosen. */
export abstract class ConstrainedJob<O extends object> extends JobModifiers<O> {
  /** Monday to Friday. */
  weekdays(): this {
    return this.splice('weekdays', { dayOfWeek: '1-5' });
  }

  /** Saturday and Sunday. */
  weekends(): this {
    return this.splice('weekends', { dayOfWeek: '6,0' });
  }

  mondays(): this {
    return this.splice('mondays', { dayOfWeek: '1' });
  }

  tuesdays(): this {
    return this.splice('tuesdays', { dayOfWeek: '2' });
  }

  wednesdays(): this {
    return this.splice('wednesdays', { dayOfWeek: '3' });
  }

  thursdays(): this {
    return this.splice('thursdays', { dayOfWeek: '4' });
  }

  fridays(): this {
    return this.splice('fridays', { dayOfWeek: '5' });
  }

  saturdays(): this {
    return this.splice('saturdays', { dayOfWeek: '6' });
  }

  sundays(): this {
    return this.splice('sundays', { dayOfWeek: '0' });
  }

  /** Days of the week, by number (0 is Sunday) or name. @throws {InvalidScheduleError} @example .days('monday', 4) */
  days(...days: readonly (Weekday | readonly Weekday[])[]): this {
    return this.splice('days', { dayOfWeek: weekdaysText(days, 'days') });
  }

  /** Sets fields of the expression, for methods of this package. */
  protected splice(method: string, fields: Partial<LineFields>): this {
    this.said.for(method).timing.splice(method, fields);
    return this;
  }
}
