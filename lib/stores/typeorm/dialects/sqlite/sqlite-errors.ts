import {
  SchemaMissingError,
  StoreBusyError,
  StoreClosedError,
  StoreFileError,
  StoreFullError,
  StoreQueryError,
} from '../../errors.js';

/** Whose errors are explained. */
export interface Blamed {
  readonly store: string;
  readonly file: string;
}

/** The driver's code, such as `SQLITE_BUSY_SNAPSHOT`; errors of other realms and of TypeORM's wrapping are seen through. */
export function codeOf(error: unknown): string {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string') return code;
  return driverError === undefined ? '' : codeOf(driverError);
}

/** Another connection has the lock; the same step may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_CONSTRAINT_UNIQUE';
}

const FILE_PROBLEMS: readonly (readonly [code: string, problem: string])[] = [
  [
    'SQLITE_CANTOPEN',
    'it cannot be opened. Check that its folder exists and that this process may read and write both.',
  ],
  ['SQLITE_READONLY', 'it is read-only. Give this process the right to write to the file and to its folder.'],
  ['SQLITE_PERM', 'this process may not access it. Give it the right to read and write the file and its folder.'],
  ['SQLITE_NOTADB', 'it is not a SQLite database (or is encrypted with another key). Check the path.'],
  ['SQLITE_CORRUPT', 'it is damaged. Restore it from a backup, or recover it with the sqlite3 command ".recover".'],
  [
    'SQLITE_IOERR',
    'the disk reported an error. Check the disk, and that no other program removed the -wal or -shm file.',
  ],
  ['EACCES', 'this process may not access its folder.'],
  ['EROFS', 'its folder is on a read-only file system.'],
  ['EPERM', 'this process may not make its folder.'],
  ['ENOTDIR', 'its path leads through something that is not a folder.'],
  ['EEXIST', 'its path leads through something that is not a folder.'],
];

/** An error that says what to do; one that does not come from the database is passed on as it is. */
export function explained(error: unknown, { store, file }: Blamed): unknown {
  const code = codeOf(error);
  const message = String((error as { message?: unknown } | null)?.message);
  const options = { cause: error };
  if (isBusy(error)) return new StoreBusyError(store, file, 0, options);
  if (code.startsWith('SQLITE_FULL') || code === 'ENOSPC') return new StoreFullError(store, file, options);
  const problem = FILE_PROBLEMS.find(([start]) => code.startsWith(start));
  if (problem !== undefined) return new StoreFileError(store, file, problem[1], options);
  if (/no such (table|column|index)/.test(message)) return new SchemaMissingError(store, [message], options);
  if (/database connection is not open/.test(message)) return new StoreClosedError(store);
  if (code.startsWith('SQLITE_')) return new StoreQueryError(store, file, options);
  return error;
}
