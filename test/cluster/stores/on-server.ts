import { placeOn, startThrowAway } from '../../support/servers/index.js';
import type { EngineName } from '../../support/servers/index.js';
import type { ClusterStore } from './cluster-store.js';

interface OnServer {
  readonly title: string;
  readonly engine: EngineName;
  readonly settings?: Readonly<Record<string, string>>;
  /** false: a list of runs is read key by key. */
  readonly readsAreSnapshots: boolean;
  /** As under `stores` of `forRoot`. */
  options(url: URL, name: string): Readonly<Record<string, unknown>>;
}

/** A store on a server of the test's own, which it cuts and restarts. */
export function onServer({ title, engine, settings, readsAreSnapshots, options }: OnServer): ClusterStore {
  return {
    title,
    open: async () => {
      const server = await startThrowAway(engine, { settings });
      const place = await placeOn(server.engine, server.url);
      return {
        options: options(new URL(place.url), place.name),
        readsAreSnapshots,
        server: {
          cut: async () => await server.engine.cutConnections(server.url, place.name),
          stop: async (how) => await server.end(how),
          start: async () => await server.start(),
        },
        close: async () => await server.throwAway(),
      };
    },
  };
}
