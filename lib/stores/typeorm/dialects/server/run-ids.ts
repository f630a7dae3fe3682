/** Id of a run: the tag of its store, so that ids of two stores never meet, and its key. */
export function runIdOf(tag: string, key: number): string {
  return `${tag}-${key}`;
}

/** The key in a run's id; null when the id is none of this store's. */
export function runKeyIn(tag: string, id: string): number | null {
  if (!id.startsWith(tag) || id[tag.length] !== '-') return null;
  const digits = id.slice(tag.length + 1);
  if (!/^\d{1,16}$/.test(digits)) return null;
  const key = Number(digits);
  return Number.isSafeInteger(key) ? key : null;
}
