import type { Trigger } from '../../core/index.js';
import type { CronFields, Duration, InstantInput } from '../options/index.js';

/** What a definition says about its times, before it is a trigger: options may still be overridden. */
export type TriggerRule =
  | { readonly kind: 'cron'; readonly when: string | CronFields }
  | { readonly kind: 'interval'; readonly length: Duration }
  /** undefined: at once when the job is put. */
  | { readonly kind: 'at'; readonly when: InstantInput | undefined }
  /** Once, that long after the start of this process. */
  | { readonly kind: 'timeout'; readonly delay: Duration }
  | { readonly kind: 'trigger'; readonly trigger: Trigger }
  /** By a timer outside of the scheduler, named in words. */
  | { readonly kind: 'driven'; readonly driver: string };
