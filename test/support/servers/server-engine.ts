export type EngineName = 'postgres' | 'mariadb' | 'redis';

/** What each of a server's engines has to say about itself; the rest of the room is the same for all. */
export interface ServerEngine {
  readonly name: EngineName;
  /** As users write it. */
  readonly title: string;
  /** Its environment variable. */
  readonly variable: string;
  /** Where a local one answers when nothing was configured. */
  readonly localUrls: readonly string[];
  /** Package that installs its programs on Debian. */
  readonly aptPackage: string;
  /** Programs of one folder; undefined: they are not installed here. */
  programs(): Programs | undefined;
  /** Runs before the first start, as the user that runs the server. */
  initialise?(programs: Programs, folder: string): readonly [command: string, ...args: string[]];
  command(programs: Programs, start: StartFacts): readonly [command: string, ...args: string[]];
  url(port: number): string;
  /** Answers the server's version, or throws. */
  ping(url: string): Promise<string>;
  /** A database or key prefix that nobody else has; throws when this user may not make one. */
  makePlace(url: string, name: string): Promise<string>;
  dropPlace(url: string, name: string): Promise<void>;
  /** Cuts, from the server's side, every connection to a place but the one that asks; answers how many. */
  cutConnections(url: string, name: string): Promise<number>;
  readonly signals: { readonly stop: NodeJS.Signals; readonly crash: NodeJS.Signals };
}

/** Paths by program name. */
export type Programs = Readonly<Record<string, string>>;

export interface StartFacts {
  readonly folder: string;
  readonly port: number;
  /** Settings by the names that the engine's own configuration has. */
  readonly settings: Readonly<Record<string, string>>;
}
