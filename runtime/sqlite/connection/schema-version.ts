// Imports no driver: main threads look at files before they have a thread with the native addon open them.
import { dirname } from 'node:path';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { hasLog, isWritable, preflightForReading } from './preflight.ts';

/** `application_id` in the file header: "Hold" in ASCII. It tells our files from those of other applications. */
export const applicationId = 0x486f6c64;

/** The version of the schema that this Holdfast writes: what all migrations make. */
export const schemaVersion = 12;

/**
 * Refuses a file that cannot be read as it is, by its header and before SQLite opens it, which makes files beside it.
 *
 * @throws HOLDFAST_ERR_STORAGE_PATH, _NOT_A_DATABASE, _CORRUPT, _FOREIGN, HOLDFAST_ERR_SCHEMA_NEWER, _OLDER.
 */
export function refuseUnreadable(path: string): void {
  const { userVersion, applicationId: application } = preflightForReading(path);
  // A newer schema, or all of it, may still be in the log beside the file; SQLite is asked about that one, which it can
  // only be where it may make an index of the log.
  if (userVersion < schemaVersion && hasLog(path) && isWritable(dirname(path))) {
    return checkVersion(path, userVersion, application);
  }
  if (application !== 0 || userVersion !== 0) checkReadable(path, userVersion, application);
}

/** Refuses what is of another application, or of another version: what is only read cannot be brought up to date. */
export function checkReadable(path: string, version: number, application: number): void {
  if (application !== applicationId) throw foreign(path);
  checkVersion(path, version, application);
  if (version === schemaVersion) return;
  throw holdfastError(
    'HOLDFAST_ERR_SCHEMA_OLDER',
    `${path} has schema version ${version}, and this Holdfast reads version ${schemaVersion}. It was left as it is. Open ` +
      'it for writing once, or a copy of it, which brings it up to date.',
    { found: version, supported: schemaVersion },
  );
}

/** Refuses what is of another application, or of a newer version. */
export function checkVersion(path: string, version: number, application: number): void {
  // A header of zeros is a file whose schema is still in the log beside it; SQLite is asked about that one.
  if (application === 0 && version === 0) return;
  if (application !== applicationId) throw foreign(path);
  if (version <= schemaVersion) return;
  throw holdfastError(
    'HOLDFAST_ERR_SCHEMA_NEWER',
    `${path} has schema version ${version}, and this Holdfast knows up to ${schemaVersion}. It was left as it is. ` +
      'Open it with the version of the application that wrote it, or a newer one.',
    { found: version, supported: schemaVersion },
  );
}

/** The error of a file that is not ours. */
export function foreign(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_FOREIGN',
    `${path} is a database of another application and was left as it is. Give Holdfast a file of its own.`,
  );
}
