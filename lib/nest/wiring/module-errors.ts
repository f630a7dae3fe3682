import { SchedulerError } from '../../core/index.js';

/** `SchedulerModule.forRoot` (or `forRootAsync`) stands in more than one place of one application. */
export class DuplicateModuleError extends SchedulerError {
  readonly code = 'DUPLICATE_MODULE';

  /** @param hasCompat `ScheduleModule` of the entry nest-carillon/compat is among what imports it */
  constructor(
    readonly importers: readonly string[],
    hasCompat = false,
  ) {
    super(hasCompat ? BESIDE_COMPAT : moreThanOnce(importers));
  }
}

const BESIDE_COMPAT =
  `SchedulerModule.forRoot stands beside ScheduleModule of nest-carillon/compat, which brings the same scheduler with ` +
  `it: every job would run twice. Remove SchedulerModule.forRoot and give its options to the other one, ` +
  `ScheduleModule.forRoot({ scheduler: { … } }); decorators and SchedulerRegistry of nest-carillon work with it. When ` +
  `nothing of the compat entry is left, remove ScheduleModule instead.`;

function moreThanOnce(importers: readonly string[]): string {
  return (
    `SchedulerModule.forRoot is imported more than once, by ${importers.join(' and by ')}: every job would run as many ` +
    `times. Keep one, in the root module; it is global, so other modules need no import. ` +
    `Tasks of a feature go into SchedulerModule.forFeature({ tasks }).`
  );
}

/** `SchedulerModule`, or `SchedulerTestingModule`, is imported as it is, without `forRoot`. */
export class MissingRootError extends SchedulerError {
  readonly code = 'MISSING_ROOT';

  constructor(readonly moduleName: keyof typeof ROOT_ADVICE = 'SchedulerModule') {
    super(`${moduleName} is imported without its options. ${ROOT_ADVICE[moduleName]}`);
  }
}

const ROOT_ADVICE = {
  SchedulerModule:
    `Import SchedulerModule.forRoot() (or forRootAsync) in the root module; it is global, so other modules need no ` +
    `import.`,
  SchedulerTestingModule: `Import SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00Z' }) beside the root module.`,
} as const;

/** `forRootAsync` was not told how to make the options. */
export class InvalidAsyncOptionsError extends SchedulerError {
  readonly code = 'INVALID_ASYNC_OPTIONS';

  constructor(readonly given: readonly string[]) {
    const found = given.length === 0 ? 'none of them is given' : `given are ${given.join(' and ')}`;
    super(
      `SchedulerModule.forRootAsync needs exactly one of useFactory, useClass and useExisting; ${found}. ` +
        `Write forRootAsync({ inject: [ConfigService], useFactory: (config) => ({ … }) }).`,
    );
  }
}

/** A store of the configuration cannot be made: its data source, or a package, is missing. */
export class StoreUnavailableError extends SchedulerError {
  readonly code = 'STORE_UNAVAILABLE';

  constructor(
    readonly store: string,
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`Store "${store}" cannot be used: ${problem}`, options);
  }
}
