/** The last digits of an id. */
const ENDINGS: readonly string[] = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'));

/** Ids of runs: unique over all stores, and in the order the runs were made within one. */
export class RunIds {
  private readonly prefix = `${globalThis.crypto.randomUUID().replaceAll('-', '').slice(0, 16)}-`;
  private last = 0;
  /** Prefix and leading digits of the ids that were made last. */
  private start = '';
  private startIsOf = -1;

  next(): number {
    return ++this.last;
  }

  /** Put together of texts that are there: V8 keeps the texts of thousands of numbers, and would have to collect them later. */
  idOf(serial: number): string {
    const thousands = Math.floor(serial / ENDINGS.length);
    if (thousands !== this.startIsOf) {
      this.startIsOf = thousands;
      this.start = this.prefix + thousands;
    }
    return this.start + ENDINGS[serial % ENDINGS.length];
  }

  /** The number in an id, or null when it is none of this store's. */
  serialOf(id: string): number | null {
    const serial = id.startsWith(this.prefix) ? Number(id.slice(this.prefix.length)) : Number.NaN;
    return Number.isInteger(serial) && serial > 0 ? serial : null;
  }
}
