/** Jobs that had no unsettled run when they were locked. Whoever counts on it lets the database make sure as it writes. */
export class FreeJobs {
  private readonly keys = new Set<number>();

  add(key: number): void {
    this.keys.add(key);
  }

  hasAll(keys: readonly number[]): boolean {
    if (this.keys.size === 0) return false;
    for (const key of keys) if (!this.keys.has(key)) return false;
    return true;
  }

  has(key: number): boolean {
    return this.keys.has(key);
  }
}
