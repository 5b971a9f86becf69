/** Something in the folder that is no document, and why. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
  /** Nothing could be learnt about it, so documents at this path, and below it, stay as they are. */
  readonly isUnknown: boolean;
}

/** It was looked at, and it is no text file: a document that was here is gone. */
export function notText(path: string, reason: string): Skipped {
  return { path, reason, isUnknown: false };
}

/** It could not be looked at. What vanished meanwhile is known to be gone. */
export function notReadable(path: string, error: unknown): Skipped {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const isGone = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
  return { path, reason: reasons[code] ?? `cannot be read, ${code}`, isUnknown: !isGone };
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'vanished',
  ENOTDIR: 'vanished',
  ELOOP: 'symbolic link',
  ENAMETOOLONG: 'path too long',
};
