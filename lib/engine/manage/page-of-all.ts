import type { Awaitable, RunFilter, RunPage, RunRecord } from '../../core/index.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import type { Stores } from './stores.js';

/** Where reading one store goes on: at a page of its own, of which some runs were given out already. */
interface Place {
  readonly cursor: string | null;
  readonly given: number;
}

interface StorePage {
  readonly alias: string;
  readonly place: Place;
  readonly page: RunPage;
}

/** One page over several stores, newest first; its cursor holds the place in each store. */
export function pageOfAll(stores: Stores, nodes: readonly StoreNode[], filter: RunFilter): Awaitable<RunPage> {
  const places = placesOf(filter.cursor);
  const open = nodes.filter((node) => places === null || places[node.store.alias] !== undefined);
  const pages = stores.collect(open, (node): Awaitable<StorePage> => {
    const { alias } = node.store;
    const place = places?.[alias] ?? { cursor: null, given: 0 };
    const limit = filter.limit + place.given;
    const page = node.store.history.page({ ...filter, limit, cursor: place.cursor ?? undefined });
    return then(page, (answer) => ({ alias, place, page: answer }));
  });
  return then(pages, (found) => merged(found, filter.limit));
}

function merged(pages: readonly StorePage[], limit: number): RunPage {
  const all = pages.flatMap(({ alias, place, page }) => page.runs.slice(place.given).map((run) => ({ alias, run })));
  all.sort((a, b) => newestFirst(a.run, b.run));
  const taken = all.slice(0, limit);
  const next: Record<string, Place> = {};
  for (const { alias, place, page } of pages) {
    const given = place.given + taken.filter((item) => item.alias === alias).length;
    if (given < page.runs.length) next[alias] = { cursor: place.cursor, given };
    else if (page.cursor !== null) next[alias] = { cursor: page.cursor, given: 0 };
  }
  const isLast = Object.keys(next).length === 0;
  return { runs: taken.map(({ run }) => run), cursor: isLast ? null : JSON.stringify(next) };
}

function newestFirst(a: RunRecord, b: RunRecord): number {
  if (a.fireTime !== b.fireTime) return b.fireTime - a.fireTime;
  return a.id < b.id ? 1 : -1;
}

/** null: from the beginning, in every store; as in a store, a cursor that was not made by a page reads as none. */
function placesOf(cursor: string | undefined): Record<string, Place> | null {
  if (cursor === undefined) return null;
  try {
    const places = JSON.parse(cursor) as Record<string, Place> | null;
    return typeof places === 'object' && places !== null && Object.values(places).every(isPlace) ? places : null;
  } catch {
    return null;
  }
}

function isPlace(place: Place | null): boolean {
  if (place === null || typeof place !== 'object') return false;
  const { cursor, given } = place;
  return (cursor === null || typeof cursor === 'string') && Number.isInteger(given) && given >= 0;
}
