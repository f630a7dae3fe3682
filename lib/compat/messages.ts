/** What a schedule is called in messages. */
export type SchedulerKind = 'Cron Job' | 'Interval' | 'Timeout';

/** Texts that code and tests of applications compare with: they stay as they are. */
export const NO_SCHEDULER_FOUND = (kind: SchedulerKind, name?: string): string =>
  name
    ? `No ${kind} was found with the given name (${name}). Check that you created one with a decorator or with the create API.`
    : `No ${kind} was found. Check your configuration.`;

export const DUPLICATE_SCHEDULER = (kind: SchedulerKind, name: string): string =>
  `${kind} with the given name (${name}) already exists. Ignored.`;

export const NOT_STATIC = (kind: SchedulerKind, provider: string, method: string): string =>
  `Cannot register ${kind.toLowerCase()} "${provider}@${method}" because it is defined in a non static provider.`;
