import type { Awaitable, DecideJob, JobDefinition, JobRecord, Millis } from '../../core/index.js';
import { DuplicateJobError } from '../errors.js';
import type { Facts } from '../facts.js';
import { eachInTurn, settled, then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import { ORPHANED_AFTER } from '../upkeep/upkeep-site.js';
import type { Stores } from './stores.js';

interface Leaving {
  readonly ids: readonly string[];
  readonly statusReason: string;
}

/**
 * Ids are unique over all stores of an application, before anything is put: an id that another store keeps of a job
 * added at run time is refused; what an earlier code kept in another store is set aside there, and its history stays.
 *
 * @throws {DuplicateJobError} naming both places
 */
export function moveHere(
  homes: ReadonlyMap<StoreNode, readonly JobDefinition[]>,
  stores: Stores,
  facts: Facts,
): Awaitable<void> {
  const moves = [...homes].flatMap(([home, definitions]) =>
    stores
      .all()
      .filter((node) => node !== home)
      .map((from) => ({ from, home, definitions })),
  );
  const leaving: (() => Awaitable<void>)[] = [];
  const judged = eachInTurn(moves, ({ from, home, definitions }) =>
    then(from.store.jobs.list({ ids: definitions.map(({ id }) => id) }), (twins) => {
      refuseAdded(twins, from, definitions);
      const statusReason = `the code keeps it in the store "${home.store.alias}"`;
      const until = from.clock.monotonic() + ORPHANED_AFTER;
      leaving.push(() => setAsideBy(until, from, facts, { ids: twins.map(({ id }) => id), statusReason }));
    }),
  );
  // Nothing moves as long as something may be refused.
  return then(judged, () => eachInTurn(leaving, (leave) => leave()));
}

/** Nodes of the earlier code may live still, as in a deploy that goes from one to the next: it is looked again, until the upkeep does. */
function setAsideBy(until: Millis, node: StoreNode, facts: Facts, leaving: Leaving): Awaitable<void> {
  return then(setAside(node, facts, leaving), (isListed) => {
    if (!isListed || node.clock.monotonic() >= until) return;
    node.later(node.options.lease, () =>
      settled(
        () => setAsideBy(until, node, facts, leaving),
        () => node.health.answered('change'),
        (error) => node.health.failed('change', error),
      ),
    );
  });
}

/**
 * Jobs of the code that no live node has there go on firing no longer, and need not be noticed as orphaned first.
 *
 * @returns whether some go on, for a live node has them there
 */
export function setAside(node: StoreNode, facts: Facts, { ids, statusReason }: Leaving): Awaitable<boolean> {
  if (ids.length === 0) return false;
  const now = node.time.now();
  return then(node.store.nodes.list(now - ORPHANED_AFTER), (nodes) => {
    const listed = new Set(nodes.flatMap((other) => other.jobIds));
    let isListed = false;
    const decide: DecideJob = (job, _unsettled, at) => {
      if (job.origin !== 'code' || job.status !== 'active') return null;
      isListed ||= listed.has(job.id);
      if (listed.has(job.id)) return null;
      return { status: 'orphaned', statusReason, statusAt: at, withdraw: true };
    };
    return then(node.store.jobs.change({ ids, now: () => node.time.latest(), decide }), (results) => {
      for (const { after: job } of results) {
        facts.tell('job.orphaned', { store: node.store.alias, job, detail: statusReason });
      }
      return isListed;
    });
  });
}

/** For a message. */
export function placeOf({ origin, task }: JobRecord, store: string): string {
  return `the job that ${origin === 'code' ? 'the code' : 'the registry'} put into the store "${store}" (task ${task})`;
}

function refuseAdded(twins: readonly JobRecord[], { store }: StoreNode, definitions: readonly JobDefinition[]): void {
  const added = twins.find(({ origin }) => origin === 'runtime');
  if (added === undefined) return;
  const { definedAt } = definitions.find(({ id }) => id === added.id)!;
  throw new DuplicateJobError(added.id, placeOf(added, store.alias), definedAt);
}
