/**
 * A map that forgets: it holds between `size` and twice as many of the keys that were set or asked for last.
 *
 * Two generations, not one list in order: when the young one is full it becomes the old one, whose keys are forgotten
 * together. Deleting the oldest key of a `Map` one by one leaves holes that each search has to pass.
 */
export class RecentMap<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  constructor(private readonly size: number) {}

  get isEmpty(): boolean {
    return this.young.size + this.old.size === 0;
  }

  get(key: K): V | undefined {
    const known = this.young.get(key);
    if (known !== undefined || this.old.size === 0) return known;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    if (this.young.size >= this.size && !this.young.has(key)) [this.old, this.young] = [this.young, new Map<K, V>()];
    this.young.set(key, value);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
