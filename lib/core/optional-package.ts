import { SchedulerError } from './scheduler-error.js';

/** A package that only some features need is not installed. */
export class MissingPackageError extends SchedulerError {
  readonly code = 'MISSING_PACKAGE';

  constructor(
    readonly packageName: string,
    readonly feature: string,
    readonly install: string,
    options?: { cause?: unknown },
  ) {
    super(`${feature} needs the package "${packageName}", which is not installed. Run: ${install}`, options);
  }
}

/** What to say when the package is missing. */
export interface OptionalPackage {
  /** As it is imported. */
  readonly name: string;
  /** Who needs it, as the subject of a sentence: `The store "db" (type: typeorm)`. */
  readonly feature: string;
  /** Command that installs it. */
  readonly install: string;
}

/**
 * Loads an optional package on its first use. `load` holds the literal `import()`, so that rules about imports see it.
 *
 * @throws {MissingPackageError} names the install command; any other failure to load is passed on as it is
 * @example await loadOptional({ name: 'typeorm', feature: 'The store "db"', install: 'npm install typeorm' }, () => import('typeorm'))
 */
export async function loadOptional<T>(wanted: OptionalPackage, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, wanted.name)) throw error;
    throw new MissingPackageError(wanted.name, wanted.feature, wanted.install, { cause: error });
  }
}

const NOT_FOUND_CODES = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** A package that is there, but lacks one of its own, is broken and not missing: its error says more than ours. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' && NOT_FOUND_CODES.has(code) && String(message).includes(`'${name}'`);
}
