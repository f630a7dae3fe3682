import type { Instant } from '../../../../core/index.js';
import { ShapeTexts } from '../../codec.js';
import type { Shape } from '../../records.js';
import type { Statements } from '../server/link.js';
import { ServerCaches } from '../server/server-caches.js';
import { ServerScope } from '../server/server-scope.js';
import type { ServerBegun, ServerPlace, ServerScopeParts } from '../server/server-scope.js';
import type { Batch } from './batch.js';
import { flag, inList, inParts, orNull, text, texts } from './literals.js';

export interface Place extends ServerPlace {
  /** Else it is MySQL. */
  readonly isMariaDb: boolean;
}

/** `block`: a row that is there when the transaction became durable; it stands for a block of keys. */
export interface Begun extends ServerBegun {
  /** What the row says: see `newStamp`. */
  readonly stamp: number;
}

export class Caches extends ServerCaches<Batch> {
  readonly shapeTexts = new ShapeTexts();
}

export interface ScopeParts extends ServerScopeParts<Place, Caches, Begun> {
  /** How texts that may be long are written over this connection. */
  readonly quote: (value: string) => string;
}

export class Scope extends ServerScope<Place, Caches, Begun> {
  /** This step asks held runs to stop: nodes that hold claims are to look. */
  asksToStop = false;

  constructor(private readonly parts: ScopeParts) {
    super(parts);
  }

  /** A text that may be long, as it stands in a statement. */
  text(value: string): string {
    return this.parts.quote(value);
  }

  /** It can be seen when this has been answered: whoever is to look need not wait until it is durable. */
  async announceWithdrawal(): Promise<void> {
    await this.statements.query(this.withdrawalNote);
  }

  /** What is withdrawn was announced before. */
  noteStops(): void {
    if (!this.asksToStop) return;
    this.asksToStop = false;
    this.statements.send(this.withdrawalNote);
  }

  private get withdrawalNote(): string {
    const { tables, appKey } = this.place;
    return `INSERT INTO ${tables}withdrawals (app_key, stamp) VALUES (${appKey}, ${newStamp()})`;
  }

  /** Sends the same statement for many rows, in parts. */
  sendRows(start: string, rows: Parameters<typeof inParts>[1], end = ''): void {
    for (const statement of inParts(start, rows, end)) this.statements.send(statement);
  }

  /** Keys of the shapes of jobs, in their order; new ones are written. */
  async shapeKeys(shapes: readonly Shape[], at: Instant): Promise<number[]> {
    const bodies = shapes.map((shape) => this.caches.shapeTexts.of(shape));
    const unknown = new Map<string, Shape>();
    bodies.forEach((body, index) => this.knownShapeKey(body, at) ?? unknown.set(body, shapes[index]));
    if (unknown.size > 0) await this.writeShapes(unknown, at);
    return bodies.map((body) => this.knownShapeKey(body, at)!);
  }

  protected nextBlock(): Promise<number> {
    return nextBlock(this.statements, this.place.tables, 0);
  }

  protected async readShapes(keys: readonly number[]): Promise<[number, string][]> {
    const find = `SELECT shape_key, body FROM ${this.place.tables}shapes WHERE shape_key IN (${inList(keys)})`;
    const { rows } = await this.statements.query(find);
    return rows as unknown as [number, string][];
  }

  protected async addNode(id: string, at: Instant): Promise<number> {
    const { tables, appKey } = this.place;
    this.statements.send(
      `INSERT INTO ${tables}nodes (app_key, id, is_listed, seen_at) VALUES (${appKey}, ${text(id)}, 0, ${at})
       ON DUPLICATE KEY UPDATE app_key = VALUES(app_key)`,
    );
    const { rows } = await this.statements.query(
      `SELECT node_key FROM ${tables}nodes WHERE app_key = ${appKey} AND id IN (${texts([id])}) FOR UPDATE`,
    );
    return rows[0][0] as number;
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
}

/** What a row says beside its number: a server that crashes gives out numbers again of rows that were not durable. */
export function newStamp(): number {
  return Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
}

/** A new block of keys: its row is gone again when the transaction is undone. */
export async function nextBlock(statements: Pick<Statements, 'query'>, tables: string, stamp: number): Promise<number> {
  const added = statements.query(`INSERT INTO ${tables}blocks (stamp) VALUES (${stamp})`);
  const [, { rows }] = await Promise.all([added, statements.query('SELECT LAST_INSERT_ID()')]);
  return rows[0][0] as number;
}
