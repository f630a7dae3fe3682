import { DEFAULT_POLICY } from '../../core/index.js';
import type { JobRecord } from '../../core/index.js';
import { RecentMap } from './recent-map.js';
import type { Definition, Shape, WrittenDefinition } from './records.js';

/** Shapes whose texts are kept, about. */
const KEPT_SHAPES = 1_000;

/** Texts of shapes, kept: few shapes are shared by many jobs, and putting the keys in order costs more than writing a row. */
export class ShapeTexts {
  private readonly kept = new RecentMap<string, string>(KEPT_SHAPES);
  private last: { readonly shape: Shape; readonly text: string } | null = null;

  of(shape: Shape): string {
    if (this.last !== null && isSameShape(this.last.shape, shape)) return this.last.text;
    const { origin, task, timezone, appVersion, policy, hooks } = shape;
    const quick = JSON.stringify([origin, task, timezone, appVersion, policy, hooks]);
    let text = this.kept.get(quick);
    if (text === undefined) this.kept.set(quick, (text = shapeTextOf(shape)));
    this.last = { shape, text };
    return text;
  }
}

/** By identity: shapes are never changed once they are made. */
export function isSameShape(a: Shape, b: Shape): boolean {
  return (
    a.policy === b.policy &&
    a.hooks === b.hooks &&
    a.task === b.task &&
    a.timezone === b.timezone &&
    a.origin === b.origin &&
    a.appVersion === b.appVersion
  );
}

/** Text of a shape's row. Equal shapes give equal texts: that is how they are found again. */
export function shapeTextOf({ origin, task, timezone, appVersion, policy, hooks }: Shape): string {
  const own = JSON.stringify({ origin, task, timezone, appVersion });
  return `${own.slice(0, -1)},"policy":${orderedText(policy)},"hooks":${hooks === null ? 'null' : orderedText(hooks)}}`;
}

/** Many shapes share one policy, and the names of hooks. */
const orderedTexts = new WeakMap<object, string>();

function orderedText(value: object): string {
  let text = orderedTexts.get(value);
  if (text === undefined) orderedTexts.set(value, (text = JSON.stringify(inOrder(value))));
  return text;
}

export function shapeOf(text: string): Shape {
  try {
    const shape = JSON.parse(text) as Shape;
    return typeof shape.task === 'string' && typeof shape.policy === 'object' ? shape : DAMAGED_SHAPE;
  } catch {
    return DAMAGED_SHAPE;
  }
}

/** Text of a definition's row; what is empty is left out. */
export function definitionTextOf(job: Definition): string {
  return JSON.stringify({
    id: job.id,
    name: job.name ?? undefined,
    description: job.description ?? undefined,
    tags: job.tags.length > 0 ? job.tags : undefined,
    args: job.args.length > 0 ? job.args : undefined,
    trigger: job.trigger,
    triggerFingerprint: job.triggerFingerprint,
    restFingerprint: job.restFingerprint,
    createdAt: job.createdAt,
  });
}

const NONE: readonly never[] = [];

/** What `definitionTextOf` wrote, parsed. */
export function definitionOf(parsed: Partial<Definition>): Definition {
  return {
    id: parsed.id!,
    name: parsed.name ?? null,
    description: parsed.description ?? null,
    tags: parsed.tags ?? NONE,
    args: parsed.args ?? NONE,
    trigger: parsed.trigger!,
    triggerFingerprint: parsed.triggerFingerprint!,
    restFingerprint: parsed.restFingerprint!,
    createdAt: parsed.createdAt!,
  };
}

/** The definition that a text said, parsed; null: it is damaged. */
export function definitionIn(parsed: unknown): Definition | null {
  const definition = parsed as Partial<Definition> | null;
  return typeof definition?.id === 'string' && typeof definition.trigger === 'string' ? definitionOf(definition) : null;
}

/** Stands in for a shape whose text is damaged. */
export const DAMAGED_SHAPE: Shape = Object.freeze({
  origin: 'runtime',
  task: '',
  timezone: 'UTC',
  policy: DEFAULT_POLICY,
  hooks: null,
  appVersion: '',
});

const DAMAGED_TEXT = 'The definition of this job cannot be read. Remove the job and add it again.';

/** Stands in for a definition whose text is damaged, so that its job is shown and can be removed. */
export function damagedDefinition(id: string): Definition {
  return {
    id,
    name: null,
    description: DAMAGED_TEXT,
    tags: NONE,
    args: NONE,
    trigger: '{"type":"never"}',
    triggerFingerprint: '',
    restFingerprint: '',
    createdAt: 0,
  };
}

export function isDamaged(definition: WrittenDefinition): boolean {
  return definition.description === DAMAGED_TEXT && definition.triggerFingerprint === '';
}

/** Does a change of these fields change the definition's text? */
export function isSameDefinition(a: JobRecord, b: JobRecord): boolean {
  if (a === b) return true;
  // Mostly nothing of it was touched: that is seen without making the texts.
  const isUntouched =
    a.id === b.id &&
    a.name === b.name &&
    a.description === b.description &&
    a.tags === b.tags &&
    a.args === b.args &&
    a.trigger === b.trigger &&
    a.triggerFingerprint === b.triggerFingerprint &&
    a.restFingerprint === b.restFingerprint &&
    a.createdAt === b.createdAt;
  return isUntouched || definitionTextOf(a) === definitionTextOf(b);
}

/** Keys in order, so that equal objects give equal texts. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, it]) => [key, inOrder(it)]));
}
