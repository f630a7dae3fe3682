import type { Awaitable, Instant } from '../../../../core/index.js';
import { shapeOf, ShapeTexts } from '../../codec.js';
import { RecentMap } from '../../recent-map.js';
import type { Definition, Shape } from '../../records.js';
import type { Statements } from '../server/link.js';
import { isTrusted } from '../server/unused-shapes.js';
import type { SeenShapeKey } from '../server/unused-shapes.js';
import { flag, inList, inParts, orNull, text, texts } from './literals.js';

/** Where rows are looked for: one application in one set of tables. */
export interface Place {
  /** What stands before the name of each table. */
  readonly tables: string;
  readonly appKey: number;
  /** Part of every run's id, so that ids of two stores never meet. */
  readonly tag: string;
}

/** What the begin of a transaction answers. */
export interface Begun {
  /** A row that is there when the transaction became durable; it stands for a block of keys for this transaction alone. */
  readonly block: number;
  /** The server's clock. */
  readonly now: Instant;
}

/** Keys in one block. */
export const BLOCK = 4_096;

/** Definitions kept decoded, of jobs that come up again; each about 1 kB. */
const KEPT_DEFINITIONS = 20_000;

interface KeptDefinition {
  readonly version: number;
  readonly definition: Definition;
}

/** What this process remembers of committed rows that never change under their key and version. */
export class Caches {
  readonly shapes = new Map<number, Shape>();
  readonly shapeKeys = new Map<string, SeenShapeKey>();
  /** When this process last looked for shapes that no job has. */
  shapesSeenAt = -Infinity;
  readonly shapeTexts = new ShapeTexts();
  readonly nodeKeys = new Map<string, number>();
  readonly definitions = new RecentMap<number, KeptDefinition>(KEPT_DEFINITIONS);
  /** What was last written of this process's nodes: lists of jobs and tasks are long and seldom change. */
  readonly writtenNodes = new Map<string, string>();
}

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
  /** The first try hopes that nothing is in its way; what is there makes it fail. */
  readonly isHopeful: boolean;
  /** Keys of this transaction that are not in the caches yet. */
  private readonly newShapeKeys = new Map<string, number>();
  private readonly newNodeKeys = new Map<string, number>();
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

  /** Sends the same statement for many rows, in parts. */
  sendRows(start: string, rows: Parameters<typeof inParts>[1], end = ''): void {
    for (const statement of inParts(start, rows, end)) this.statements.send(statement);
  }

  /** The first of `count` new keys in a row, greater than any that an earlier transaction got. */
  async take(count: number): Promise<number> {
    if (this.keysLeft < 0) this.useBlock((await this.parts.begun!).block);
    if (this.keysLeft < count) this.useBlock(await nextBlock(this.statements, this.place.tables));
    if (count > this.keysLeft) throw new Error(`A step asked for ${count} keys at once; ${BLOCK} is the end.`);
    const first = this.nextKey;
    this.nextKey += count;
    this.keysLeft -= count;
    return first;
  }

  runId(key: number): string {
    return `${this.place.tag}-${key}`;
  }

  /** The key in a run's id; null when the id is none of this store's. */
  runKey(id: string): number | null {
    const { tag } = this.place;
    if (!id.startsWith(tag) || id[tag.length] !== '-') return null;
    const digits = id.slice(tag.length + 1);
    if (!/^\d{1,16}$/.test(digits)) return null;
    const key = Number(digits);
    return Number.isSafeInteger(key) ? key : null;
  }

  /** Shapes of rows; a row of shapes never changes and its key is never given again. */
  shapesOf(keys: readonly number[]): Awaitable<ReadonlyMap<number, Shape>> {
    const { shapes } = this.caches;
    const missing = new Set<number>();
    for (const key of keys) if (!shapes.has(key)) missing.add(key);
    return missing.size === 0 ? shapes : this.readShapes(missing);
  }

  /** Keys of the shapes of jobs, in their order; new ones are written. */
  async shapeKeys(shapes: readonly Shape[], at: Instant): Promise<number[]> {
    const bodies = shapes.map((shape) => this.caches.shapeTexts.of(shape));
    const unknown = new Map<string, Shape>();
    bodies.forEach((body, index) => this.knownShapeKey(body, at) ?? unknown.set(body, shapes[index]));
    if (unknown.size > 0) await this.writeShapes(unknown, at);
    return bodies.map((body) => this.knownShapeKey(body, at)!);
  }

  /** Key of a node's name; one that has not registered itself gets a row that is not listed. */
  nodeKey(id: string, at: Instant): Awaitable<number> {
    return this.caches.nodeKeys.get(id) ?? this.newNodeKeys.get(id) ?? this.addNode(id, at);
  }

  private useBlock(block: number): void {
    this.nextKey = block * BLOCK;
    this.keysLeft = BLOCK;
  }

  private async readShapes(keys: Iterable<number>): Promise<ReadonlyMap<number, Shape>> {
    const { tables } = this.place;
    const find = `SELECT shape_key, body FROM ${tables}shapes WHERE shape_key IN (${inList(keys)})`;
    const { rows } = await this.statements.query(find);
    // A shape can be of this very transaction; its key is given to nobody else even if that is undone.
    for (const [key, body] of rows) this.caches.shapes.set(key as number, shapeOf(body as string));
    return this.caches.shapes;
  }

  private knownShapeKey(body: string, at: Instant): number | undefined {
    const kept = this.caches.shapeKeys.get(body);
    return kept !== undefined && isTrusted(kept, at) ? kept.key : this.newShapeKeys.get(body);
  }

  private async writeShapes(shapes: ReadonlyMap<string, Shape>, at: Instant): Promise<void> {
    const { tables } = this.place;
    const rows = [...shapes].map(([body, { task, origin, policy }]) => {
      const { executor, evenInMaintenanceMode, history } = policy;
      const written = text(body);
      const codes = [flag(evenInMaintenanceMode), orNull(history?.age ?? null), orNull(history?.count ?? null)];
      return [written, `MD5(${written})`, text(task), text(executor), text(origin), ...codes];
    });
    const columns = 'body, digest, task, executor, origin, runs_in_maintenance, history_age, history_count';
    const keep = 'ON DUPLICATE KEY UPDATE unused_since = NULL';
    this.sendRows(`INSERT INTO ${tables}shapes (${columns})`, rows, keep);
    const digests = [...shapes.keys()].map((body) => `MD5(${text(body)})`);
    const find = `SELECT shape_key, body FROM ${tables}shapes WHERE digest IN (${inList(digests)})`;
    const { rows: found } = await this.statements.query(find);
    for (const [key, body] of found as [number, string][]) this.keepShapeKey(body, key, at);
  }

  private keepShapeKey(body: string, key: number, at: Instant): void {
    this.newShapeKeys.set(body, key);
    this.onCommit(() => this.caches.shapeKeys.set(body, { key, seenAt: at }));
  }

  private async addNode(id: string, at: Instant): Promise<number> {
    const { tables, appKey } = this.place;
    this.statements.send(
      `INSERT INTO ${tables}nodes (app_key, id, is_listed, seen_at) VALUES (${appKey}, ${text(id)}, 0, ${at})
       ON DUPLICATE KEY UPDATE app_key = VALUES(app_key)`,
    );
    const { rows } = await this.statements.query(
      `SELECT node_key FROM ${tables}nodes WHERE app_key = ${appKey} AND id IN (${texts([id])}) FOR UPDATE`,
    );
    const key = rows[0][0] as number;
    this.newNodeKeys.set(id, key);
    this.onCommit(() => this.caches.nodeKeys.set(id, key));
    return key;
  }
}

/** A new block of keys: its row is gone again when the transaction is undone, its number is never given twice. */
export async function nextBlock(statements: Pick<Statements, 'query'>, tables: string): Promise<number> {
  const added = statements.query(`INSERT INTO ${tables}blocks (block) VALUES (NULL)`);
  const [, { rows }] = await Promise.all([added, statements.query('SELECT LAST_INSERT_ID()')]);
  return rows[0][0] as number;
}
