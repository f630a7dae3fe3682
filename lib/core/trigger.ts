import type { Instant, JsonValue, Millis } from './time.js';

export type TriggerKind = 'cron' | 'interval' | 'date' | 'calendar' | 'and' | 'or' | 'filtered' | 'never';

/** JSON form of a trigger; `type` names the kind. Rows keep it as text. */
export interface TriggerJson {
  readonly type: TriggerKind;
  readonly [key: string]: JsonValue;
}

/** What is filled into a trigger when its job is put into a store. */
export interface AnchorContext {
  /** Store time of the put. */
  readonly now: Instant;
  readonly jobId: string;
  /** Zone of the job, for a trigger (or a child) that names none. IANA name. */
  readonly timezone: string;
}

/**
 * A pure rule: given an instant, the next fire time after it. It knows no clock, job or store.
 *
 * `next` is monotone, strictly greater than its argument and total: it returns in bounded work for any input.
 * `limit`, `jitter`, `fixedDelay` and `runOnStart` travel with the trigger's JSON but belong to the plan; `next` and
 * `fireTimes` ignore them. An unanchored trigger has zone UTC and an interval without a start counts from its argument.
 */
export interface Trigger {
  readonly kind: TriggerKind;
  /** Its own zone, IANA name; undefined until anchored when none was given. */
  readonly timezone: string | undefined;
  /** The first fire time strictly after `after`, or null when it never fires again. */
  next(after: Instant): Instant | null;
  /** The first fire time of a job that is put at `now`: `next(now)`, but for a date its date, even one in the past. */
  first(now: Instant): Instant | null;
  /** Up to `count` fire times strictly after `from`, oldest first. */
  fireTimes(from: Instant, count: number): Instant[];
  /** The same trigger with everything open filled in. Anchoring twice changes nothing. */
  anchor(context: AnchorContext): Trigger;
  toJSON(): TriggerJson;
  /** The JSON as text, where a trigger can have it sooner: many jobs have equal rules. */
  jsonText?(): string;
  /** Short technical form, such as `cron 0 9 * * 1-5 (Europe/Berlin)`. */
  toString(): string;
  /** A sentence in plain English, such as `At 09:00, Monday through Friday`. */
  describe(): string;
  /** Upper bound of the start's delay; 0 for none. */
  readonly jitter: Millis;
  /** How many runs the plan may make, or null for no limit. */
  readonly limit: number | null;
  /** Length counted from the end of the previous run, or null when the trigger keeps a grid. */
  readonly fixedDelay: Millis | null;
  /** One more run at each start. */
  readonly runOnStart: boolean;
  /** Its fire times count from the start: each start of a node anchors it anew, which is no change of the job. */
  readonly renewsOnStart?: boolean;
  /** Its fire times come from outside: a job of it is active without any of its own. */
  readonly isDriven?: boolean;
}

/** Turns rows' trigger text into triggers; cached by the text, so equal rules share one compiled object. */
export interface TriggerCodec {
  decode(text: string): Trigger;
  encode(trigger: Trigger): string;
}
