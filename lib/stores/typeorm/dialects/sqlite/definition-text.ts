import type { Definition, WrittenDefinition } from '../../records.js';

/** A definition without names of fields, which take half of the time to read one; what is empty at its end is left out. */
type DefinitionFields = readonly [
  id: string,
  trigger: string,
  triggerFingerprint: string,
  restFingerprint: string,
  createdAt: number,
  args?: Definition['args'],
  name?: string | null,
  description?: string | null,
  tags?: Definition['tags'],
];

/** Where the tags are in the JSON of a definition's body. */
export const TAGS_PATH = `iif(substr(d.body, 1, 1) = '[', '$[8]', '$.tags')`;

const NONE: readonly never[] = [];

/** Text of a definition's row. */
export function definitionArrayOf(job: Definition): string {
  const { id, trigger, triggerFingerprint, restFingerprint, createdAt, args, name, description, tags } = job;
  const fields: unknown[] = [id, trigger, triggerFingerprint, restFingerprint, createdAt];
  if (name !== null || description !== null || tags.length > 0) fields.push(args, name, description, tags);
  else if (args.length > 0) fields.push(args);
  return JSON.stringify(fields);
}

/** What was parsed of such a text, or of one with names, as it was written before; null: it is neither. */
export function definitionIn(parsed: unknown): WrittenDefinition | null {
  if (!Array.isArray(parsed)) return isDefinition(parsed) ? parsed : null;
  const fields = parsed as unknown as DefinitionFields;
  if (typeof fields[0] !== 'string' || typeof fields[1] !== 'string') return null;
  // By index: taking an array apart goes through its iterator.
  return {
    id: fields[0],
    name: fields[6] ?? null,
    description: fields[7] ?? null,
    tags: fields[8] ?? NONE,
    args: fields[5] ?? NONE,
    trigger: fields[1],
    triggerFingerprint: fields[2],
    restFingerprint: fields[3],
    createdAt: fields[4],
  };
}

function isDefinition(parsed: unknown): parsed is WrittenDefinition {
  const { id, trigger } = (parsed ?? {}) as Partial<WrittenDefinition>;
  return typeof id === 'string' && typeof trigger === 'string';
}
