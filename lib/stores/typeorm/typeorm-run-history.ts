import type { Awaitable, PruneRequest, RunFilter, RunHistory, RunPage, RunRecord } from '../../core/index.js';
import type { Position, StoreDatabase } from './session.js';
import { answer } from './steps.js';

/** Runs in a database, for reading and pruning. */
export class TypeOrmRunHistory implements RunHistory {
  constructor(private readonly database: StoreDatabase) {}

  find(runId: string): Awaitable<RunRecord | null> {
    return this.database.read(function* (session) {
      const key = session.runKey(runId);
      const [run] = key === null ? [] : yield* answer(session.runs.byKeys([key]));
      return run === undefined ? null : run.record;
    });
  }

  page(filter: RunFilter): Awaitable<RunPage> {
    const after = positionOf(filter.cursor);
    return this.database.read(function* (session) {
      const found = yield* answer(session.history.page(filter, after, filter.limit + 1));
      const page = found.slice(0, filter.limit);
      const last = page[page.length - 1];
      const cursor = found.length > page.length && last !== undefined ? `${last.record.fireTime}_${last.key}` : null;
      return { runs: page.map((run) => run.record), cursor };
    });
  }

  prune(request: PruneRequest): Awaitable<number> {
    return this.database.write((session) => answer(session.history.prune(request)));
  }
}

/** A cursor that was not made by a page reads as none. */
function positionOf(cursor: string | undefined): Position | null {
  const match = /^(-?\d+)_(\d+)$/.exec(cursor ?? '');
  return match === null ? null : { fireTime: Number(match[1]), key: Number(match[2]) };
}
