import type { JobDefinition } from '../../core/index.js';

/** Of a job's trigger and zone, before anchoring. */
export function triggerFingerprint({ trigger, timezone }: Pick<JobDefinition, 'trigger' | 'timezone'>): string {
  const text = trigger.jsonText?.() ?? JSON.stringify(trigger.toJSON());
  if (latestTrigger?.text === text && latestTrigger.timezone === timezone) return latestTrigger.fingerprint;
  const key = `${text} ${timezone}`;
  let fingerprint = ofTriggers.get(key);
  if (fingerprint === undefined) {
    fingerprint = digest(`${canonical(trigger.toJSON())} ${timezone}`);
    if (ofTriggers.size >= REMEMBERED) ofTriggers.clear();
    ofTriggers.set(key, fingerprint);
  }
  latestTrigger = { text, timezone, fingerprint };
  return fingerprint;
}

/** Of many jobs that are added together, some have the trigger of the one before. */
let latestTrigger: { readonly text: string; readonly timezone: string; readonly fingerprint: string } | null = null;

/** Triggers remembered; many jobs have equal ones. */
const REMEMBERED = 1_000;
const ofTriggers = new Map<string, string>();

type Rest = Pick<JobDefinition, 'name' | 'description' | 'tags' | 'task' | 'args' | 'policy' | 'hookNames'>;

/** Of everything else that a row keeps of a definition. */
export function restFingerprint(definition: Rest): string {
  if (latest !== null && isLike(definition, latest)) return latest.fingerprint;
  const fingerprint = madeRestFingerprint(definition);
  if (definition.args.length + definition.tags.length > 0) return fingerprint;
  const { name, description, task, policy, hookNames } = definition;
  latest = { name, description, task, policy, hookNames, fingerprint };
  return fingerprint;
}

type Latest = Omit<Rest, 'tags' | 'args'> & { readonly fingerprint: string };

/** Of many jobs that are added together, most differ in their id and trigger alone. */
let latest: Latest | null = null;

function isLike(one: Rest, other: Latest): boolean {
  const isSame = one.task === other.task && one.policy === other.policy && one.hookNames === other.hookNames;
  const isCalledSame = one.name === other.name && one.description === other.description;
  return isSame && isCalledSame && one.args.length + one.tags.length === 0;
}

function madeRestFingerprint(definition: Rest): string {
  const { name, description, tags, task, args, policy, hookNames } = definition;
  const own = `${canonical(name)},${canonical(description)},${canonical(tags)},${canonical(task)},${canonical(args)}`;
  return digest(`[${own},${sharedFingerprint(policy)},${hookNames === null ? 'null' : sharedFingerprint(hookNames)}]`);
}

/** Of policies and names of hooks: most jobs share one object with others. */
const ofShared = new WeakMap<object, string>();

function sharedFingerprint(value: object): string {
  let fingerprint = ofShared.get(value);
  if (fingerprint === undefined) {
    fingerprint = digest(canonical(value));
    ofShared.set(value, fingerprint);
  }
  return fingerprint;
}

const CHANGED = '>';

/** What a row keeps when its job is changed at run time: the fingerprint of what was added, then that of what it is now. */
export function changedFingerprint(kept: string, now: string): string {
  const [added] = kept.split(CHANGED);
  return added === now ? added : added + CHANGED + now;
}

/** The fingerprint is of what was added, or of what that was changed to. */
export function hasFingerprint(kept: string, fingerprint: string): boolean {
  return kept.split(CHANGED).includes(fingerprint);
}

/** JSON with the keys in order, so that the order in which options were written says nothing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** Taken once: a test's sandbox looks a global name up anew each time, which is a thousand times slower than the call. */
const { imul } = Math;

/** 128 bits from four differently seeded hashes in one pass: it tells definitions apart, and guards nothing. */
function digest(text: string): string {
  let one = 0x811c9dc5;
  let two = 0x9e3779b9;
  let three = 0x85ebca6b;
  let four = 0xc2b2ae35;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    one = imul(one ^ unit, 0x01000193);
    two = imul(two ^ unit, 0x85ebca77);
    three = imul(three ^ unit, 0xc2b2ae3d);
    four = imul(four ^ unit, 0x27d4eb2f);
  }
  return hex(one ^ (two >>> 15)) + hex(two ^ (three >>> 15)) + hex(three ^ (four >>> 15)) + hex(four ^ (one >>> 15));
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
