/**
 * Where a host notes what it does, for whoever has to explain its death. Called around every request, so every method
 * is a store to memory and no more.
 */
export interface HostProgress {
  /** From now on user code runs for this request; 0: for none. */
  working(id: number): void;
  /** From now on user code runs that no request asks for: an effect or the work of this actor; `''`: none. */
  workingFor(address: string): void;
  /** The append of this request leaves now: from here on it may become durable. */
  appending(id: number): void;
  /** The append of this request was refused, and it will be decided again. */
  refused(id: number): void;
}

/** For hosts whose death nobody has to explain. */
export const noProgress: HostProgress = {
  working: () => undefined,
  workingFor: () => undefined,
  appending: () => undefined,
  refused: () => undefined,
};
