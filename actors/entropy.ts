/**
 * Where time and chance come from while a step is computed: from the id of its event, which holds the moment it was made
 * and 74 random bits, so that a replay sees what the step saw. Outside of a step they are those of the system.
 */
interface Source {
  readonly eventId: string;
  /** Sets the beginning of an actor apart from its first event, which has the same id. */
  readonly salt: number;
  generator: (() => number) | undefined;
  isUsed: boolean;
}

let source: Source | undefined;

/** What a step gave, and whether it asked for the time or for chance. */
export interface Computed<T> {
  readonly value: T;
  readonly usesEntropy: boolean;
}

/** Computes a step with the time and the chance of an event. Steps may be nested, each with its own. */
export function withEntropyOf<T>(eventId: string, salt: number, step: () => T): Computed<T> {
  const outer = source;
  const own: Source = { eventId, salt, generator: undefined, isUsed: false };
  source = own;
  try {
    return { value: step(), usesEntropy: own.isUsed };
  } finally {
    source = outer;
  }
}

/** The moment of the event under way, in milliseconds since 1970; `undefined` outside of a step. */
export function eventTime(): number | undefined {
  if (source === undefined) return undefined;
  source.isUsed = true;
  const { eventId } = source;
  return Number.parseInt(eventId.slice(0, 8) + eventId.slice(9, 13), 16);
}

/** The generator of the event under way: 32 random bits with each call; `undefined` outside of a step. */
export function eventChance(): (() => number) | undefined {
  if (source === undefined) return undefined;
  source.isUsed = true;
  source.generator ??= sfc32(source.eventId, source.salt);
  return source.generator;
}

/** sfc32 (Chris Doty-Humphrey, PractRand 0.93), seeded with the 128 bits of an id. */
function sfc32(eventId: string, salt: number): () => number {
  const hex = eventId.replaceAll('-', '');
  const word = (at: number): number => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16) | 0;
  let [a, b, c] = [word(0) ^ salt, word(1), word(2)];
  let counter = word(3);
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // As its author does, so that ids that differ in few bits lead apart.
  for (let round = 0; round < 15; round++) next();
  return next;
}
