/** A store that the cluster can run on, and what can be done to its server. A new store adds one of these. */
export interface ClusterStore {
  readonly title: string;
  /** Makes a place of its own, and a server where it is cut and restarted. */
  open(): Promise<OpenClusterStore>;
}

export interface OpenClusterStore {
  /** As under `stores` of `forRoot`; plain JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /** undefined: there is no server between the processes and the file. */
  readonly server?: ClusterServer;
  /** Reads of many rows show one moment of the store. */
  readonly readsAreSnapshots: boolean;
  close(): Promise<void>;
}

export interface ClusterServer {
  /** Cuts every connection of the cluster from the server's side; answers how many. */
  cut(): Promise<number>;
  stop(how: 'stop' | 'crash'): Promise<void>;
  start(): Promise<void>;
}
