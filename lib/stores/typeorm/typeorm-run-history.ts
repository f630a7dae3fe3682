import type { Awaitable, PruneRequest, RunFilter, RunHistory, RunPage, RunRecord } from '../../core/index.js';
import type { Position, StoreDatabase } from './session.js';
import { after, answer } from './steps.js';

// Taken once: fake timers replace the global one, and would then never let a prune end.
const nextTurn = globalThis.setImmediate;

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
    const position = positionOf(filter.cursor);
    return this.database.read(function* (session) {
      const found = yield* answer(session.history.page(filter, position, filter.limit + 1));
      const page = found.slice(0, filter.limit);
      const last = page[page.length - 1];
      const cursor = found.length > page.length && last !== undefined ? `${last.record.fireTime}_${last.key}` : null;
      return { runs: page.map((run) => run.record), cursor };
    });
  }

  prune(request: PruneRequest): Awaitable<number> {
    return after(this.stretch(request), (first) => (first.isLeft ? this.goOn(request, first) : first.deleted));
  }

  /** What is kept may be much, and to look at it takes its time: other work of the process gets its turn in between. */
  private async goOn(request: PruneRequest, first: Stretch): Promise<number> {
    let { deleted } = first;
    for (let last = first; last.isLeft && deleted < request.limit; deleted += last.deleted) {
      await new Promise<void>((resolve) => nextTurn(resolve));
      last = await this.stretch({ ...request, limit: request.limit - deleted });
    }
    return deleted;
  }

  private stretch(request: PruneRequest): Awaitable<Stretch> {
    return this.database.write(function* ({ history }) {
      const deleted = yield* answer(history.prune(request));
      return { deleted, isLeft: history.isPruning === true };
    });
  }
}

/** One transaction of a prune. */
interface Stretch {
  readonly deleted: number;
  /** There are rows that nobody has looked at. */
  readonly isLeft: boolean;
}

/** A cursor that was not made by a page reads as none. */
function positionOf(cursor: string | undefined): Position | null {
  const match = /^(-?\d+)_(\d+)$/.exec(cursor ?? '');
  return match === null ? null : { fireTime: Number(match[1]), key: Number(match[2]) };
}
