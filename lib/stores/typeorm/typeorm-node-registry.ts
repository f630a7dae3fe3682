import type { Awaitable, Instant, JobPause, NodeRecord, NodeRegistry } from '../../core/index.js';
import type { StoreDatabase } from './session.js';
import { answer } from './steps.js';

/** Nodes and the paused flag of one application in a database. */
export class TypeOrmNodeRegistry implements NodeRegistry {
  constructor(private readonly database: StoreDatabase) {}

  beat(node: NodeRecord): Awaitable<JobPause | null> {
    return this.database.write(function* (session) {
      yield* answer(session.nodes.beat(node));
      return yield* answer(session.nodes.readPause());
    });
  }

  leave(nodeId: string): Awaitable<void> {
    return this.database.write((session) => answer(session.nodes.leave(nodeId)));
  }

  list(since: Instant): Awaitable<NodeRecord[]> {
    return this.database.read((session) => answer(session.nodes.list(since)));
  }

  readPause(): Awaitable<JobPause | null> {
    return this.database.read((session) => answer(session.nodes.readPause()));
  }

  writePause(pause: JobPause | null): Awaitable<void> {
    return this.database.write(function* (session) {
      yield* answer(session.nodes.writePause(pause));
      yield* answer(session.tellOthers?.());
    });
  }

  forget(before: Instant): Awaitable<number> {
    return this.database.write((session) => answer(session.nodes.forget(before)));
  }
}
