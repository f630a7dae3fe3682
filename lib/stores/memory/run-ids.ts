/** Ids of runs: unique over all stores, and in the order the runs were made within one. */
export class RunIds {
  private readonly prefix = `${globalThis.crypto.randomUUID().replaceAll('-', '').slice(0, 16)}-`;
  private last = 0;

  next(): number {
    return ++this.last;
  }

  idOf(serial: number): string {
    return this.prefix + serial;
  }

  /** The number in an id, or null when it is none of this store's. */
  serialOf(id: string): number | null {
    const serial = id.startsWith(this.prefix) ? Number(id.slice(this.prefix.length)) : Number.NaN;
    return Number.isInteger(serial) && serial > 0 ? serial : null;
  }
}
