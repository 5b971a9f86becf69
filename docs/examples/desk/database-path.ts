import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { DeskError } from './desk-error.ts';
import { printable } from './printable.ts';
import { realPath } from './real-path.ts';

/**
 * Where the documents of a folder are kept, without symbolic links. What the user says goes; else it is never inside
 * the folder itself.
 */
export function databasePath(folder: string, wanted: string | undefined): string {
  const path = wanted ?? defaultPath(folder);
  const place = existing(dirname(path));
  if (wanted === undefined && isInside(folder, place)) {
    throw new DeskError(
      `The database would be in ${printable(place)}, inside ${printable(folder)}. Say with --database where it may be.`,
    );
  }
  const file = join(place, basename(path));
  return existsSync(file) ? realPath(file) : file;
}

/**
 * One file for each folder, in the place where the system keeps the state of a user's programs: the same from wherever
 * the desk is started. Creates that place.
 */
function defaultPath(folder: string): string {
  const fingerprint = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  const name = basename(folder).replaceAll(/[^\w.-]/g, '_') || 'root';
  const place = join(stateFolder(), 'holdfast-desk');
  try {
    mkdirSync(place, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DeskError(
      `The folder ${printable(place)} for the database cannot be made (${codeOf(error)}). Say with --database where it may be, ` +
        'or set XDG_STATE_HOME to a folder that can be written.',
    );
  }
  return join(place, `${name.slice(0, 60)}-${fingerprint}.db`);
}

/** https://specifications.freedesktop.org/basedir-spec, and the counterpart on Windows. */
function stateFolder(): string {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local } = process.env;
  if (state !== undefined && isAbsolute(state)) return state;
  return process.platform === 'win32' && local ? local : join(homeFolder(), '.local', 'state');
}

/** The system knows of none where HOME is not set and the user has no entry of a password, as in many containers. */
function homeFolder(): string {
  let home = '';
  try {
    home = homedir();
  } catch {
    // Said below.
  }
  if (isAbsolute(home)) return home;
  throw new DeskError(
    'There is no home folder for the database. Say with --database where it may be, or set HOME or XDG_STATE_HOME to a folder.',
  );
}

/** The folder of the database, without symbolic links. */
function existing(place: string): string {
  try {
    return realPath(place);
  } catch (error) {
    throw new DeskError(
      `The database cannot be in ${printable(place)} (${codeOf(error)}). Create that folder, or say another one with --database.`,
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Whether a path is a folder or below it. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
