/** How to settle a promise, and what to stop then. */
interface Settling<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  readonly stop: () => void;
}

/** Waits for a result unless somebody else settles first. A result that comes later is heard, but ignored. */
export function follow<T>(result: Promise<T>, { resolve, reject, stop }: Settling<T>): void {
  result.then(
    (value) => {
      stop();
      resolve(value);
    },
    (error) => {
      stop();
      reject(error);
    },
  );
}
