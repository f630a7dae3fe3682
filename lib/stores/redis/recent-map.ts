/**
 * A map that forgets: it holds between `size` and twice as many of the keys that were set or asked for last. Two
 * generations: when the young one is full it becomes the old one, whose keys are forgotten together.
 */
export class RecentMap<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  constructor(private readonly size: number) {}

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
}
