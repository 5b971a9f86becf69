import { realpathSync } from 'node:fs';

/**
 * A path as the system has it: without symbolic links, and where upper and lower case are the same (Windows, macOS), in
 * that of the disk. However somebody writes it, it is one path.
 */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // Some drives of Windows cannot tell; and of what is not there, this says so.
    return realpathSync(path);
  }
}
