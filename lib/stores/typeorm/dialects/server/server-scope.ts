import type { Awaitable, Instant, ReadWithin } from '../../../../core/index.js';
import { shapeOf } from '../../codec.js';
import type { Shape } from '../../records.js';
import type { StoreReading } from '../../session.js';
import type { Statements } from './link.js';
import { runIdOf, runKeyIn } from './run-ids.js';
import type { ServerCaches } from './server-caches.js';
import { isTrusted } from './unused-shapes.js';

/** Where rows are looked for: one application in one set of tables. */
export interface ServerPlace {
  /** What stands before the name of each table. */
  readonly tables: string;
  readonly appKey: number;
  /** Part of every run's id, so that ids of two stores never meet. */
  readonly tag: string;
}

/** What the begin of a transaction answers. */
export interface ServerBegun {
  /** The server's clock. */
  readonly now: Instant;
  /** When that was. */
  readonly within?: ReadWithin;
  /** A block of keys for this transaction alone. */
  readonly block: number;
}

type ScopeCaches = Pick<ServerCaches, 'shapes' | 'shapeKeys' | 'nodeKeys'>;

/** Keys in one block. */
export const BLOCK = 4_096;

export interface ServerScopeParts<P, C, G> {
  readonly place: P;
  readonly caches: C;
  readonly statements: Statements;
  readonly begun: Promise<G> | null;
  /** Tries before this one. */
  readonly tries: number;
  /** Calls back when the transaction is durable. */
  readonly onCommit: (callback: () => void) => void;
}

/** What all rows of one transaction share: keys of names, and new keys. */
export abstract class ServerScope<P extends ServerPlace, C extends ScopeCaches, G extends ServerBegun> {
  readonly place: P;
  readonly caches: C;
  readonly statements: Statements;
  readonly isReading: boolean;
  /** The first try hopes that nothing is in its way; what is there makes it fail. */
  readonly isHopeful: boolean;
  /** This step claims: it waits for no other, and leaves alone what another one is at. */
  isClaiming = false;
  /** Keys of this transaction that are not in the caches yet. */
  protected readonly newShapeKeys = new Map<string, number>();
  private readonly newShapes = new Map<number, Shape>();
  private readonly newNodeKeys = new Map<string, number>();
  private nextKey = 0;
  protected keysLeft = -1;

  constructor(private readonly scopeParts: ServerScopeParts<P, C, G>) {
    const { place, caches, statements, begun, tries } = scopeParts;
    this.place = place;
    this.caches = caches;
    this.statements = statements;
    this.isReading = begun === null;
    this.isHopeful = tries === 0;
  }

  /** The next block of keys. */
  protected abstract nextBlock(): Promise<number>;
  protected abstract readShapes(keys: readonly number[]): Promise<[key: number, body: string][]>;
  /** Key of a node that may be there or not. */
  protected abstract addNode(id: string, at: Instant): Promise<number>;

  onCommit(callback: () => void): void {
    this.scopeParts.onCommit(callback);
  }

  /** What the begin read, as soon as it has; null: nothing was begun. */
  begun(): Promise<G> | null {
    return this.scopeParts.begun;
  }

  /**
   * The server's clock as the begin read it: a reading at the end of a step would be dated too early, and runs begin before
   * their time. `readAt`: that of a look, which begins nothing.
   */
  async storeTime(readAt: Instant): Promise<StoreReading> {
    const begun = await this.begun();
    return begun === null ? { storeNow: readAt } : { storeNow: begun.now, storeReadWithin: begun.within };
  }

  /** The first of `count` new keys in a row, greater than any that an earlier transaction got. */
  async take(count: number): Promise<number> {
    if (this.keysLeft < 0) this.useBlock((await this.scopeParts.begun!).block);
    if (this.keysLeft < count) this.useBlock(await this.nextBlock());
    if (count > this.keysLeft) throw new Error(`A step asked for ${count} keys at once; ${BLOCK} is the end.`);
    const first = this.nextKey;
    this.nextKey += count;
    this.keysLeft -= count;
    return first;
  }

  runId(key: number): string {
    return runIdOf(this.place.tag, key);
  }

  runKey(id: string): number | null {
    return runKeyIn(this.place.tag, id);
  }

  /** Shapes of rows; a row of shapes that is durable never changes, and its key is never given again. */
  shapesOf(keys: readonly number[]): Awaitable<ReadonlyMap<number, Shape>> {
    const { shapes } = this.caches;
    const missing = new Set<number>();
    for (const key of keys) if (!shapes.has(key) && !this.newShapes.has(key)) missing.add(key);
    return missing.size === 0 ? this.allShapes() : this.learnShapes([...missing]);
  }

  /** Key of a node's name; one that has not registered itself gets a row that is not listed. */
  nodeKey(id: string, at: Instant): Awaitable<number> {
    return this.caches.nodeKeys.get(id) ?? this.newNodeKeys.get(id) ?? this.learnNode(id, at);
  }

  protected knownShapeKey(text: string, at: Instant): number | null {
    return trustedShapeKey(this.caches, text, at) ?? this.newShapeKeys.get(text) ?? null;
  }

  protected keepShapeKey(text: string, key: number, at: Instant): void {
    this.newShapeKeys.set(text, key);
    this.onCommit(() => this.caches.shapeKeys.set(text, { key, seenAt: at }));
  }

  /** Its row may never be durable: a server that crashes then gives its key to another shape. */
  protected keepNewShape(key: number, shape: Shape): void {
    this.newShapes.set(key, shape);
    this.onCommit(() => this.caches.shapes.set(key, shape));
  }

  private useBlock(block: number): void {
    this.nextKey = block * BLOCK;
    this.keysLeft = BLOCK;
  }

  private async learnShapes(keys: readonly number[]): Promise<ReadonlyMap<number, Shape>> {
    const own = new Set(this.newShapeKeys.values());
    for (const [key, body] of await this.readShapes(keys)) {
      if (own.has(key)) this.keepNewShape(key, shapeOf(body));
      else this.caches.shapes.set(key, shapeOf(body));
    }
    return this.allShapes();
  }

  private allShapes(): ReadonlyMap<number, Shape> {
    const { shapes } = this.caches;
    return this.newShapes.size === 0 ? shapes : new Map([...shapes, ...this.newShapes]);
  }

  private async learnNode(id: string, at: Instant): Promise<number> {
    const key = await this.addNode(id, at);
    this.newNodeKeys.set(id, key);
    this.onCommit(() => this.caches.nodeKeys.set(id, key));
    return key;
  }
}

/** null: it is to be looked for. */
export function trustedShapeKey(caches: ScopeCaches, text: string, at: Instant): number | null {
  const kept = caches.shapeKeys.get(text);
  return kept !== undefined && isTrusted(kept, at) ? kept.key : null;
}
