import type { DurationInput } from '../../triggers/index.js';

export type { CronFields, InstantInput } from '../../triggers/index.js';

/**
 * A length of time: a number is **milliseconds**; text is `'90s'`, `'5m'`, `'1h30m'` or ISO 8601 (`'PT5M'`); an object
 * is `{ minutes: 5 }`, or a luxon `Duration`.
 */
export type Duration = DurationInput;
