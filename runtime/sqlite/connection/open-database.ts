import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { openSqlite, type SqliteDatabase } from '../driver.ts';
import { migrations } from '../migrations/index.ts';
import { nothingToRead, readOnly, storageError } from '../storage-error.ts';
import { inOneRead } from './in-one-read.ts';
import { hasLog, isWritable, logOf, preflight } from './preflight.ts';
import { applicationId, checkReadable, checkVersion, foreign } from './schema-version.ts';
import { syncFile, syncFolder } from './sync-path.ts';
import { beginImmediate, retryWhileBusy, waitForRecoveries } from './write-lock.ts';

/** Where the database is and how long to wait for others. */
export interface OpenDatabaseOptions {
  readonly path: string;
  /** Whether this process has it open already, and has to keep its locks: then only SQLite reads it. */
  readonly isOpenHere?: boolean | undefined;
  /** How long an append waits for another process's write lock before `HOLDFAST_ERR_STORAGE_BUSY`, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Told 1 when the schema begins to be brought up to date, which takes as long as the file is large, and 0 at the end. */
  readonly onMigration?: (isUnderWay: 0 | 1) => void;
}

/**
 * Opens the database for writing, creates it if it is missing, and brings its schema up to date. Whatever is refused
 * is left as it was.
 */
export function openForWriting(options: OpenDatabaseOptions): SqliteDatabase {
  const { path, isOpenHere = false, lockTimeoutMs, onMigration } = options;
  // A database in memory has no folder that could be looked at.
  const header = path === ':memory:' ? undefined : preflight(path, isOpenHere);
  if (header !== undefined) checkVersion(path, header.userVersion, header.applicationId);
  let database: SqliteDatabase | undefined;
  try {
    database = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
    const opened = database;
    retryWhileBusy(() => inOneRead(opened, () => refuseForeign(opened, path)), lockTimeoutMs);
    retryWhileBusy(() => opened.pragma('journal_mode = wal'), lockTimeoutMs);
    waitForRecoveries(opened);
    configureWriter(opened);
    syncFoundLog(path);
    migrate(opened, path, lockTimeoutMs, onMigration);
    return opened;
  } catch (error) {
    closeQuietly(database);
    throw storageError(error, path);
  }
}

/**
 * Opens a second connection that cannot write, for reads beside the writer. A file of an older version can be copied with it
 * (`'any'`), and not be read.
 */
export function openForReading(path: string, versions: 'current' | 'any' = 'current'): SqliteDatabase {
  let database: SqliteDatabase | undefined;
  try {
    database = openSqlite(path, { readonly: true, busyTimeoutMs: 5_000 });
    database.pragma('query_only = on');
    // Not that it writes: `stats()` says by it how those sync that do.
    database.pragma('synchronous = full');
    database.pragma('cache_size = -32768');
    if (versions === 'current') checkCurrent(database, path);
    else database.pragma('user_version');
    return database;
  } catch (error) {
    closeQuietly(database);
    throw isForWantOfLog(error, path) ? readOnly(path, error) : storageError(error, path);
  }
}

/** A database that was closed in good order has no log, and SQLite makes one to read it. */
function isForWantOfLog(error: unknown, path: string): boolean {
  const { code = '' } = error as { code?: string };
  return code.startsWith('SQLITE_CANTOPEN') && existsSync(path) && !isWritable(dirname(path));
}

/** What is only read cannot be brought up to date. In one read: another process may be creating it. */
function checkCurrent(database: SqliteDatabase, path: string): void {
  inOneRead(database, () => {
    const { version, application, tables } = whoseItIs(database);
    if (application === 0 && tables === 0) throw nothingToRead(path);
    checkReadable(path, version, application);
  });
}

function configureWriter(database: SqliteDatabase): void {
  // Every acknowledged commit is on the disk: with NORMAL, a power cut may take back what was acknowledged.
  database.pragma('synchronous = full');
  // On macOS fsync(2) leaves writes in the cache of the disk; with this SQLite has it emptied too (sqlite.org/pragma.html).
  database.pragma('fullfsync = on');
  database.pragma('foreign_keys = off');
  database.pragma('cache_size = -65536');
  database.pragma('temp_store = memory');
  // The log is copied back after about 16 MB, and cut back to that size when it has grown behind a slow reader.
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('journal_size_limit = 33554432');
}

/**
 * A process that was killed as it synced a commit has left it where a power cut takes it, and from here on others are told
 * that it is there: that the key of a command was used, and what it led to. SQLite syncs a log only when it writes to it.
 */
function syncFoundLog(path: string): void {
  if (path === ':memory:' || !hasLog(path)) return;
  syncFile(logOf(path));
  syncFolder(dirname(path));
}

function whoseItIs(database: SqliteDatabase): { version: number; application: number; tables: number } {
  const version = database.pragma('user_version', { simple: true }) as number;
  const application = database.pragma('application_id', { simple: true }) as number;
  const tables = database.prepare<number>('select count(*) from sqlite_schema').pluck().get() ?? 0;
  return { version, application, tables };
}

function refuseForeign(database: SqliteDatabase, path: string): void {
  const { version, application, tables } = whoseItIs(database);
  if (tables > 0 && application === 0) throw foreign(path);
  checkVersion(path, version, application);
}

/** One transaction for all missing steps: a crash or a full disk leaves the old schema whole. */
function migrate(
  database: SqliteDatabase,
  path: string,
  lockTimeoutMs: number,
  onMigration: OpenDatabaseOptions['onMigration'],
): void {
  if (database.pragma('user_version', { simple: true }) === migrations.length) return;
  beginImmediate(database, lockTimeoutMs);
  onMigration?.(1);
  try {
    // Another process may have brought it further while this one waited for the lock.
    refuseForeign(database, path);
    const found = database.pragma('user_version', { simple: true }) as number;
    for (const migration of migrations.slice(found)) database.exec(migration);
    if (found === 0) insertReplica(database);
    database.pragma(`application_id = ${applicationId}`);
    database.pragma(`user_version = ${migrations.length}`);
    database.exec('commit');
  } catch (error) {
    if (database.inTransaction) database.exec('rollback');
    throw error;
  } finally {
    onMigration?.(0);
  }
}

function insertReplica(database: SqliteDatabase): void {
  // SQLite draws on the random numbers of the system too, and Node.js takes milliseconds to load its own.
  database.exec('insert into replica values (1, lower(hex(randomblob(8))), 0, 0, 0)');
}

function closeQuietly(database: SqliteDatabase | undefined): void {
  try {
    database?.close();
  } catch {
    // The error that led here is the one to report.
  }
}
