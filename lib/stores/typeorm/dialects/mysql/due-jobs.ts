/** Jobs that this transaction holds because they are due. Their plans are applied by `advance`, which notes that they have runs. */
export class DueJobs {
  private readonly hadRuns = new Map<number, boolean>();

  add(key: number, hasRuns: boolean): void {
    this.hadRuns.set(key, hasRuns);
  }

  /** One was made meanwhile. */
  gotRun(key: number): void {
    this.hadRuns.set(key, true);
  }

  has(key: number): boolean {
    return this.hadRuns.has(key);
  }

  /** true: no run was ever made of it before this transaction, so none has to be looked for. */
  isNew(key: number): boolean {
    return this.hadRuns.get(key) === false;
  }
}
