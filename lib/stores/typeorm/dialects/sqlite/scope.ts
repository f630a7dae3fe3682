import type { Database } from 'better-sqlite3';
import { shapeOf, ShapeTexts } from '../../codec.js';
import type { Shape } from '../../records.js';
import { Statements } from './statements.js';

type Name = 'take' | 'taken' | 'shape' | 'hasShape' | 'shapeKey' | 'addShape' | 'node' | 'hasNode' | 'addNode';
type Counter = 'job' | 'run' | 'generation';

/** Where rows are looked for: one application in one set of tables. */
export interface Place {
  /** Prefix of the tables. */
  readonly prefix: string;
  readonly appKey: number;
  /** Part of every run's id, so that ids of two stores never meet. */
  readonly tag: string;
}

/** What all rows of one connection share: keys of names, and new keys. */
export class Scope {
  private readonly statements: Statements<Name>;
  /** By key; a row of shapes never changes and its key is never given again. */
  private readonly shapes = new Map<number, Shape>();
  private readonly shapeTexts = new ShapeTexts();
  private readonly shapeKeys = new Map<string, number>();
  private readonly nodeKeys = new Map<string, number>();
  /** Keys from memory that this transaction has seen in their table. */
  private readonly seenShapes = new Set<number>();
  private readonly seenNodes = new Set<number>();

  constructor(
    readonly handle: Database,
    readonly place: Place,
  ) {
    this.statements = new Statements(handle, textsOf(place.prefix));
  }

  /** Before each transaction: what was in a table then may be gone now. */
  begin(): void {
    this.seenShapes.clear();
    this.seenNodes.clear();
  }

  /** After a rollback: keys that were given in it may be given again. */
  forget(): void {
    this.shapes.clear();
    this.shapeKeys.clear();
    this.nodeKeys.clear();
    this.begin();
  }

  /** The first of `count` new keys. Unlike those of SQLite itself they are not used again after the last row was deleted. */
  take(counter: Counter, count: number): number {
    this.statements.get('take').run(count, counter);
    const [last] = this.statements.get('taken').get(counter) as [number];
    return last - count + 1;
  }

  runId(key: number): string {
    return `${this.place.tag}-${key}`;
  }

  /** The key in a run's id; null when the id is none of this store's. */
  runKey(id: string): number | null {
    const { tag } = this.place;
    const start = tag.length + 1;
    if (id.length <= start || id.length > start + 15 || !id.startsWith(tag) || id[tag.length] !== '-') return null;
    let key = 0;
    for (let place = start; place < id.length; place++) {
      const digit = id.charCodeAt(place) - 48;
      if (!(digit >= 0 && digit <= 9)) return null;
      key = key * 10 + digit;
    }
    return key;
  }

  shape(key: number): Shape {
    const known = this.shapes.get(key);
    if (known !== undefined) return known;
    const [text] = this.statements.get('shape').get(key) as [string];
    const shape = shapeOf(text);
    this.shapes.set(key, shape);
    return shape;
  }

  shapeKey(shape: Shape): number {
    const text = this.shapeTexts.of(shape);
    const known = this.shapeKeys.get(text);
    if (known !== undefined && (this.seenShapes.has(known) || this.isThere('hasShape', known))) {
      this.seenShapes.add(known);
      return known;
    }
    const key = this.findShape(text) ?? this.addShape(shape, text);
    this.shapeKeys.set(text, key);
    this.seenShapes.add(key);
    return key;
  }

  /** Key of a node's name; one that has not registered itself gets a row that is not listed. */
  nodeKey(id: string, at: number): number {
    const known = this.nodeKeys.get(id);
    if (known !== undefined && (this.seenNodes.has(known) || this.isThere('hasNode', known))) {
      this.seenNodes.add(known);
      return known;
    }
    this.statements.get('addNode').run(this.place.appKey, id, at);
    const [key] = this.statements.get('node').get(this.place.appKey, id) as [number];
    this.nodeKeys.set(id, key);
    this.seenNodes.add(key);
    return key;
  }

  private isThere(name: 'hasShape' | 'hasNode', key: number): boolean {
    return this.statements.get(name).get(key) !== undefined;
  }

  private findShape(text: string): number | null {
    const row = this.statements.get('shapeKey').get(text) as [number] | undefined;
    return row === undefined ? null : row[0];
  }

  private addShape(shape: Shape, text: string): number {
    const { policy } = shape;
    const { lastInsertRowid } = this.statements
      .get('addShape')
      .run(
        shape.task,
        policy.executor,
        shape.origin,
        policy.evenInMaintenanceMode ? 1 : 0,
        policy.history?.age ?? null,
        policy.history?.count ?? null,
        text,
      );
    return Number(lastInsertRowid);
  }
}

function textsOf(p: string): Record<Name, string> {
  return {
    // Two statements: RETURNING makes a table of its own, which takes five times as long.
    take: `UPDATE ${p}counters SET value = value + ? WHERE name = ?`,
    taken: `SELECT value FROM ${p}counters WHERE name = ?`,
    shape: `SELECT body FROM ${p}shapes WHERE shape_key = ?`,
    hasShape: `SELECT 1 FROM ${p}shapes WHERE shape_key = ?`,
    shapeKey: `SELECT shape_key FROM ${p}shapes WHERE body = ?`,
    addShape: `INSERT INTO ${p}shapes
      (task, executor, origin, runs_in_maintenance, history_age, history_count, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    node: `SELECT node_key FROM ${p}nodes WHERE app_key = ? AND id = ?`,
    hasNode: `SELECT 1 FROM ${p}nodes WHERE node_key = ?`,
    addNode: `INSERT INTO ${p}nodes (app_key, id, is_listed, seen_at) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING`,
  };
}
