import { hashOfText } from '../../core/index.js';
import type { JobDefinition } from '../../core/index.js';

/** Of a job's trigger and zone, before anchoring. */
export function triggerFingerprint(definition: Pick<JobDefinition, 'trigger' | 'timezone'>): string {
  const json = definition.trigger.toJSON();
  const key = `${JSON.stringify(json)} ${definition.timezone}`;
  let fingerprint = ofTriggers.get(key);
  if (fingerprint === undefined) {
    fingerprint = digest(`${canonical(json)} ${definition.timezone}`);
    if (ofTriggers.size >= REMEMBERED) ofTriggers.clear();
    ofTriggers.set(key, fingerprint);
  }
  return fingerprint;
}

/** Triggers remembered; many jobs have equal ones. */
const REMEMBERED = 1_000;
const ofTriggers = new Map<string, string>();

/** Of everything else that a row keeps of a definition. */
export function restFingerprint(definition: JobDefinition): string {
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

/** JSON with the keys in order, so that the order in which options were written says nothing. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** 128 bits from four differently seeded hashes: it tells definitions apart, and guards nothing. */
function digest(text: string): string {
  let digits = '';
  for (const seed of [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35]) {
    digits += hashOfText(text, seed).toString(16).padStart(8, '0');
  }
  return digits;
}
