import type { Awaitable, Instant } from '../../../../core/index.js';
import { isSameShape, shapeOf, shapeTextOf } from '../../codec.js';
import type { Shape } from '../../records.js';
import type { Answer, Statements } from '../server/link.js';
import { isTrusted } from '../server/unused-shapes.js';
import { booleans, numbers, readable, texts } from './arrays.js';
import type { Caches } from './caches.js';

/** Where rows are looked for: one application in one set of tables. */
export interface Place {
  /** Schema, quoted, and prefix: what stands before the name of each table. */
  readonly tables: string;
  readonly appKey: number;
  /** Part of every run's id, so that ids of two stores never meet. */
  readonly tag: string;
}

/** What the begin of a transaction answers. */
export interface Begun {
  /** Of the transaction, to ask after it. */
  readonly xid: string;
  /** The server's clock. */
  readonly now: Instant;
  /** A block of keys for this transaction alone. */
  readonly block: number;
}

/** Keys in one block. */
export const BLOCK = 4_096;

/** Who takes so many at once will take as many again. */
const MANY = 1_000;

export interface ScopeParts {
  readonly place: Place;
  readonly caches: Caches;
  readonly statements: Statements;
  readonly begun: Promise<Begun> | null;
  /** Tries before this one. */
  readonly tries: number;
  /** Calls back when the transaction is durable. */
  readonly onCommit: (callback: () => void) => void;
}

/** What all rows of one transaction share: keys of names, and new keys. */
export class Scope {
  readonly place: Place;
  readonly caches: Caches;
  readonly statements: Statements;
  readonly isReading: boolean;
  readonly readable = readable;
  /** The first try hopes that nothing is in its way, and lets the database make sure. */
  readonly isHopeful: boolean;
  /** Keys of this transaction that are not in the caches yet. */
  private readonly newShapeKeys = new Map<string, number>();
  private readonly newNodeKeys = new Map<string, number>();
  /** This step claims: it waits for no other, and leaves alone what another one is at. */
  isClaiming = false;
  /** The next block, asked for before it is wanted: behind long statements one would have to wait for it. */
  private coming: Promise<Answer> | null = null;
  private nextKey = 0;
  private keysLeft = -1;

  constructor(private readonly parts: ScopeParts) {
    const { place, caches, statements, begun, tries } = parts;
    this.place = place;
    this.caches = caches;
    this.statements = statements;
    this.isReading = begun === null;
    this.isHopeful = tries === 0;
  }

  onCommit(callback: () => void): void {
    this.parts.onCommit(callback);
  }

  /** What the begin read, as soon as it has; null: nothing was begun. */
  begun(): Promise<Begun> | null {
    return this.parts.begun;
  }

  /** The first of `count` new keys in a row, greater than any that an earlier transaction got. */
  async take(count: number): Promise<number> {
    if (this.keysLeft < 0) this.useBlock((await this.parts.begun!).block);
    if (this.keysLeft < count) {
      const { rows } = await (this.coming ?? this.askBlock());
      this.coming = null;
      this.useBlock(rows[0][0] as number);
    }
    if (count > this.keysLeft) throw new Error(`A step asked for ${count} keys at once; ${BLOCK} is the end.`);
    const first = this.nextKey;
    this.nextKey += count;
    this.keysLeft -= count;
    if (this.keysLeft < count && count >= MANY) this.coming ??= this.askBlock();
    return first;
  }

  runId(key: number): string {
    return `${this.place.tag}-${key}`;
  }

  /** The key in a run's id; null when the id is none of this store's. */
  runKey(id: string): number | null {
    const { tag } = this.place;
    if (!id.startsWith(tag) || id[tag.length] !== '-') return null;
    const text = id.slice(tag.length + 1);
    if (!/^\d{1,16}$/.test(text)) return null;
    const key = Number(text);
    return Number.isSafeInteger(key) ? key : null;
  }

  /** Shapes of rows; a row of shapes never changes and its key is never given again. */
  shapesOf(keys: readonly number[]): Awaitable<ReadonlyMap<number, Shape>> {
    const { shapes } = this.caches;
    const missing = [...new Set(keys.filter((key) => !shapes.has(key)))];
    return missing.length === 0 ? shapes : this.readShapes(missing);
  }

  /** Keys of the shapes of jobs, in their order; new ones are written. */
  async shapeKeys(shapes: readonly Shape[], at: Instant): Promise<number[]> {
    const distinct = shapeTextsOf(shapes);
    const unknown = new Map<string, Shape>();
    for (const [text, shape] of distinct.byText) {
      if (this.knownShapeKey(text, at) === null) unknown.set(text, shape);
    }
    if (unknown.size > 0) await this.writeShapes(unknown, at);
    return distinct.texts.map((text) => this.knownShapeKey(text, at)!);
  }

  /** Key of a node's name; one that has not registered itself gets a row that is not listed. */
  nodeKey(id: string, at: Instant): Awaitable<number> {
    const known = this.caches.nodeKeys.get(id) ?? this.newNodeKeys.get(id);
    return known ?? this.addNode(id, at);
  }

  private askBlock(): Promise<Answer> {
    const answer = this.statements.query(`SELECT nextval('${this.place.tables}keys')`);
    answer.catch(() => undefined);
    return answer;
  }

  private useBlock(block: number): void {
    this.nextKey = block * BLOCK;
    this.keysLeft = BLOCK;
  }

  private async readShapes(keys: readonly number[]): Promise<ReadonlyMap<number, Shape>> {
    const { tables } = this.place;
    const text = `SELECT shape_key, body FROM ${tables}shapes WHERE shape_key = ANY ($1::integer[])`;
    const { rows } = await this.statements.query(text, [numbers(keys)]);
    // A shape can be of this very transaction; its key is given to nobody else even if that is undone.
    for (const [key, body] of rows) this.caches.shapes.set(key as number, shapeOf(body as string));
    return this.caches.shapes;
  }

  private knownShapeKey(text: string, at: Instant): number | null {
    return trustedShapeKey(this.caches, text, at) ?? this.newShapeKeys.get(text) ?? null;
  }

  private async writeShapes(shapes: ReadonlyMap<string, Shape>, at: Instant): Promise<void> {
    let left = [...shapes];
    // Once more where another process writes, or forgets, one of them at this moment.
    for (let tries = 0; left.length > 0 && tries < 3; tries++) {
      const found = await this.shapeRows(left);
      for (const [place, key] of found) {
        const [body, shape] = left[place - 1];
        this.keepShapeKey(body, key, at);
        this.caches.shapes.set(key, ownShape(shape));
      }
      left = left.filter(([body]) => !this.newShapeKeys.has(body));
    }
    if (left.length > 0) throw new Error(`${left.length} rows of shapes could be neither found nor added.`);
  }

  /** Finds or adds each: its place, from 1, and its key. The texts are long, and there may be thousands: they go over once. */
  private async shapeRows(shapes: readonly (readonly [body: string, shape: Shape])[]): Promise<[number, number][]> {
    const { tables } = this.place;
    const { rows } = await this.statements.query(findOrAddShapes(tables), columnsOf(shapes));
    const found = rows as [place: number, key: number, isUnused: boolean][];
    const unused = found.filter(([, , isUnused]) => isUnused);
    if (unused.length === 0) return found.map(([place, key]) => [place, key]);
    const keys = numbers(unused.map(([, key]) => key));
    const used = `UPDATE ${tables}shapes SET unused_since = NULL WHERE shape_key = ANY ($1::integer[]) RETURNING shape_key`;
    const there = new Set((await this.statements.query(used, [keys])).rows.map(([key]) => key as number));
    return found.flatMap(([place, key, isUnused]) => (isUnused && !there.has(key) ? [] : [[place, key]]));
  }

  private keepShapeKey(body: string, key: number, at: Instant): void {
    this.newShapeKeys.set(body, key);
    this.onCommit(() => this.caches.shapeKeys.set(body, { key, seenAt: at }));
  }

  private async addNode(id: string, at: Instant): Promise<number> {
    const { tables, appKey } = this.place;
    // An update that changes nothing makes the row come back in any case.
    const { rows } = await this.statements.query(
      `INSERT INTO ${tables}nodes (app_key, id, is_listed, seen_at) VALUES ($1, $2, false, $3)
       ON CONFLICT (app_key, id) DO UPDATE SET app_key = excluded.app_key RETURNING node_key`,
      [appKey, id, at],
    );
    const key = rows[0][0] as number;
    this.newNodeKeys.set(id, key);
    this.onCommit(() => this.caches.nodeKeys.set(id, key));
    return key;
  }
}

/** Keys of the shapes of jobs, in their order, as this process knows them; null: one of them is to be looked for. */
export function knownShapeKeys(caches: Caches, shapes: readonly Shape[], at: Instant): number[] | null {
  const { texts: all, byText } = shapeTextsOf(shapes);
  for (const text of byText.keys()) if (trustedShapeKey(caches, text, at) === null) return null;
  return all.map((text) => caches.shapeKeys.get(text)!.key);
}

function trustedShapeKey(caches: Caches, text: string, at: Instant): number | null {
  const kept = caches.shapeKeys.get(text);
  return kept !== undefined && isTrusted(kept, at) ? kept.key : null;
}

/** Jobs added together mostly share one shape: its text is made once. */
function shapeTextsOf(shapes: readonly Shape[]): { texts: string[]; byText: Map<string, Shape> } {
  const byText = new Map<string, Shape>();
  let last: Shape | null = null;
  let text = '';
  const all = shapes.map((shape) => {
    if (last === null || !isSameShape(last, shape)) {
      text = shapeTextOf(shape);
      byText.set(text, shape);
      last = shape;
    }
    return text;
  });
  return { texts: all, byText };
}

/** Without the job that it was read from. */
function ownShape({ origin, task, timezone, appVersion, policy, hooks }: Shape): Shape {
  return { origin, task, timezone, appVersion, policy, hooks };
}

function findOrAddShapes(tables: string): string {
  const columns = 'body, task, executor, origin, runs_in_maintenance, history_age, history_count';
  return `WITH given AS (
      SELECT u.*, md5(u.body) AS digest FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[],
        $6::bigint[], $7::integer[]) WITH ORDINALITY u (${columns}, place)),
    there AS (
      SELECT g.place, s.shape_key, s.unused_since IS NOT NULL AS is_unused
      FROM given g JOIN ${tables}shapes s ON md5(s.body) = g.digest),
    added AS (
      INSERT INTO ${tables}shapes (${columns}) SELECT ${columns} FROM given WHERE place NOT IN (SELECT place FROM there)
      ON CONFLICT (md5(body)) DO NOTHING RETURNING shape_key, md5(body) AS digest)
    SELECT place, shape_key, is_unused FROM there
    UNION ALL SELECT g.place, a.shape_key, false FROM added a JOIN given g ON g.digest = a.digest`;
}

function columnsOf(shapes: readonly (readonly [body: string, shape: Shape])[]): unknown[] {
  const all = shapes.map(([, shape]) => shape);
  const policies = all.map((shape) => shape.policy);
  return [
    texts(shapes.map(([body]) => body)),
    texts(all.map((shape) => shape.task)),
    texts(policies.map((policy) => policy.executor)),
    texts(all.map((shape) => shape.origin)),
    booleans(policies.map((policy) => policy.evenInMaintenanceMode)),
    numbers(policies.map((policy) => policy.history?.age ?? null)),
    numbers(policies.map((policy) => policy.history?.count ?? null)),
  ];
}
