/** What is used of a job that was made elsewhere, as by the package `cron`. */
export interface ForeignCronJob {
  readonly isActive?: boolean;
  fireOnTick: (...args: never[]) => unknown;
  start: () => void;
  stop: () => unknown;
  errorHandler?: unknown;
  readonly waitForCompletion?: boolean;
  /** New with each call that its own timer makes. */
  readonly lastExecution?: unknown;
  readonly cronTime?: {
    readonly source?: unknown;
    readonly realDate?: boolean;
    readonly sendAt?: () => unknown;
    readonly getNextDateFrom?: (start: never) => unknown;
  };
}
