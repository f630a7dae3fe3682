import { hashOfText } from '../../core/index.js';
import type { JobDefinition, JobPolicy } from '../../core/index.js';

/** Of a job's trigger and zone, before anchoring. */
export function triggerFingerprint(definition: Pick<JobDefinition, 'trigger' | 'timezone'>): string {
  return digest(`${canonical(definition.trigger.toJSON())} ${definition.timezone}`);
}

/** Of everything else that a row keeps of a definition. */
export function restFingerprint(definition: JobDefinition): string {
  const { name, description, tags, task, args, policy, hookNames } = definition;
  const before = [name, description, tags, task, args].map(canonical).join(',');
  return digest(`[${before},${policyFingerprint(policy)},${canonical(hookNames)}]`);
}

/** Most jobs share one policy object. */
const ofPolicies = new WeakMap<JobPolicy, string>();

function policyFingerprint(policy: JobPolicy): string {
  let fingerprint = ofPolicies.get(policy);
  if (fingerprint === undefined) {
    fingerprint = digest(canonical(policy));
    ofPolicies.set(policy, fingerprint);
  }
  return fingerprint;
}

/** JSON with the keys in order, so that the order in which options were written says nothing. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
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
