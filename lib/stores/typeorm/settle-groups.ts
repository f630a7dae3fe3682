import type { Settlement } from '../../core/index.js';
import type { SettledGroup } from './session.js';

/** A settlement with its place in the batch and the key of its run. */
export interface Item<S extends Settlement = Settlement> {
  readonly index: number;
  readonly key: number;
  readonly settlement: S;
}

export type OutcomeItem = Item<Extract<Settlement, { kind: 'outcome' }>>;
export type WaitItem = Item<Exclude<Settlement, { kind: 'outcome' }>>;

export interface ItemGroup<I extends Item> extends SettledGroup {
  readonly items: I[];
}

/** Leaves nothing but its outcome, or no row at all; sets nothing on the job. */
export function isPlain(item: Item): item is OutcomeItem {
  const { settlement } = item;
  if (settlement.kind !== 'outcome' || settlement.afterwards !== null) return false;
  return !settlement.keepHistory || !hasTexts(settlement);
}

function hasTexts({ detail, error, result, output }: OutcomeItem['settlement']): boolean {
  return detail !== null || error !== null || result !== null || output !== null;
}

/** Puts together what one statement can write. Runs of a batch end within few milliseconds, so groups are few. */
export function groupsOf<I extends Item>(items: readonly I[]): ItemGroup<I>[] {
  const groups: ItemGroup<I>[] = [];
  const byInstant = new Map<number, ItemGroup<I>[]>();
  let group: ItemGroup<I> | undefined;
  for (const item of items) {
    if (group === undefined || !isAlike(group.items[0].settlement, item.settlement)) {
      const instant = item.settlement.startedAt ?? item.settlement.at;
      let near = byInstant.get(instant);
      if (near === undefined) byInstant.set(instant, (near = []));
      group = near.find((it) => isAlike(it.items[0].settlement, item.settlement));
      if (group === undefined) {
        group = newGroup(item);
        near.push(group);
        groups.push(group);
      }
    }
    group.items.push(item);
    group.keys.push(item.key);
  }
  return groups;
}

function newGroup<I extends Item>({ settlement }: I): ItemGroup<I> {
  const { token, attempt, startedAt } = settlement;
  return { items: [], keys: [], token, attempt, startedAt };
}

function isAlike(a: Settlement, b: Settlement): boolean {
  return (
    a.kind === b.kind &&
    a.token === b.token &&
    a.at === b.at &&
    a.startedAt === b.startedAt &&
    a.attempt === b.attempt &&
    (a.kind !== 'outcome' || b.kind !== 'outcome' || endsAlike(a, b))
  );
}

function endsAlike(a: OutcomeItem['settlement'], b: OutcomeItem['settlement']): boolean {
  return a.outcome === b.outcome && a.reason === b.reason && a.keepHistory === b.keepHistory;
}
