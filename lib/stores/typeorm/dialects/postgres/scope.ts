import type { Instant } from '../../../../core/index.js';
import { isSameShape, shapeTextOf } from '../../codec.js';
import type { Shape } from '../../records.js';
import type { ServerCaches } from '../server/server-caches.js';
import { ServerScope, trustedShapeKey } from '../server/server-scope.js';
import type { ServerBegun, ServerPlace, ServerScopeParts } from '../server/server-scope.js';
import { booleans, numbers, readable, texts } from './arrays.js';

/** `tables`: schema, quoted, and prefix. */
export type Place = ServerPlace;

export interface Begun extends ServerBegun {
  /** Of the transaction, to ask after it. */
  readonly xid: string;
}

/** Who takes so many at once will take as many again. */
const MANY = 1_000;

export type ScopeParts = ServerScopeParts<Place, ServerCaches, Begun>;

export class Scope extends ServerScope<Place, ServerCaches, Begun> {
  readonly readable = readable;
  /** The next block, asked for before it is wanted: behind long statements one would have to wait for it. */
  private coming: Promise<number> | null = null;

  override async take(count: number): Promise<number> {
    const first = await super.take(count);
    if (this.keysLeft < count && count >= MANY) this.coming ??= this.askBlock();
    return first;
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

  protected async nextBlock(): Promise<number> {
    const block = await (this.coming ?? this.askBlock());
    this.coming = null;
    return block;
  }

  protected async readShapes(keys: readonly number[]): Promise<[number, string][]> {
    const text = `SELECT shape_key, body FROM ${this.place.tables}shapes WHERE shape_key = ANY ($1::integer[])`;
    const { rows } = await this.statements.query(text, [numbers(keys)]);
    return rows as unknown as [number, string][];
  }

  protected async addNode(id: string, at: Instant): Promise<number> {
    const { tables, appKey } = this.place;
    // An update that changes nothing makes the row come back in any case.
    const { rows } = await this.statements.query(
      `INSERT INTO ${tables}nodes (app_key, id, is_listed, seen_at) VALUES ($1, $2, false, $3)
       ON CONFLICT (app_key, id) DO UPDATE SET app_key = excluded.app_key RETURNING node_key`,
      [appKey, id, at],
    );
    return rows[0][0] as number;
  }

  private askBlock(): Promise<number> {
    const block = this.statements
      .query(`SELECT nextval('${this.place.tables}keys')`)
      .then(({ rows }) => rows[0][0] as number);
    block.catch(() => undefined);
    return block;
  }

  private async writeShapes(shapes: ReadonlyMap<string, Shape>, at: Instant): Promise<void> {
    let left = [...shapes];
    // Once more where another process writes, or forgets, one of them at this moment.
    for (let tries = 0; left.length > 0 && tries < 3; tries++) {
      const found = await this.shapeRows(left);
      for (const [place, key] of found) {
        const [body, shape] = left[place - 1];
        this.keepShapeKey(body, key, at);
        this.keepNewShape(key, ownShape(shape));
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
}

/** Keys of the shapes of jobs, in their order, as this process knows them; null: one of them is to be looked for. */
export function knownShapeKeys(caches: ServerCaches, shapes: readonly Shape[], at: Instant): number[] | null {
  const { texts: all, byText } = shapeTextsOf(shapes);
  for (const text of byText.keys()) if (trustedShapeKey(caches, text, at) === null) return null;
  return all.map((text) => caches.shapeKeys.get(text)!.key);
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
