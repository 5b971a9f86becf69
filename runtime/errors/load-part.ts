import { holdfastError } from './holdfast-error.ts';

/**
 * Waits for a part of the package that is imported when it is first needed. The import fails while the process lacks file
 * descriptors; a later one of the same part succeeds, so whoever keeps the promise has to forget one that was rejected.
 *
 * @throws HOLDFAST_ERR_STORAGE_IO.
 */
export async function loadPart<Part>(part: Promise<Part>): Promise<Part> {
  try {
    return await part;
  } catch (cause) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_IO',
      `A file of Holdfast could not be read: ${(cause as Error).message}. Repeat the call.`,
      undefined,
      cause,
    );
  }
}

/** Loads a part once: whoever needs it later takes no turn of the event loop. */
export function partLoader<Part>(load: () => Promise<Part>): () => Promise<Part> {
  let loaded: Promise<Part> | undefined;
  return () => {
    loaded ??= loadPart(load()).catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}
