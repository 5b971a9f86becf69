import { sha256 } from '../../runtime/protocol/sha256.ts';

/** An id in the form that event ids have: UUID version 7, which begins with its millisecond. */
const timedId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * How often a step asks for the time within a millisecond of it, which is about what that takes. Who asks as often is
 * waiting for it to pass, and would wait for ever for a clock that stands still.
 */
const questionsPerMs = 5_000;

/**
 * Where time and chance come from while an event is computed: from its id, which holds the moment it was made and 74
 * random bits, so that a replay sees what the first time saw. In a replay, the id is followed by `@` and a millisecond,
 * for ids that applications have given their events.
 */
export class Entropy {
  readonly #seed: string;
  readonly #salt: number;
  #generator: (() => number) | undefined;
  #isUsed = false;
  #questions = 0;

  /** The salt sets the beginning of an actor apart from its first event, which has the same id. */
  constructor(seed: string, salt = 0) {
    this.#seed = seed;
    this.#salt = salt;
  }

  /** Whether anybody asked for the time or for chance. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** The moment of the event, in milliseconds since 1970, and later for a step that waits for it to pass. */
  time(): number {
    this.#isUsed = true;
    const [id, time] = partsOf(this.#seed);
    const moment = timedId.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : Number(time);
    return moment + Math.floor(this.#questions++ / questionsPerMs);
  }

  /** The generator of the event: 32 random bits with each call. */
  chance(): () => number {
    this.#isUsed = true;
    this.#generator ??= this.#makeGenerator();
    return this.#generator;
  }

  #makeGenerator(): () => number {
    const [id] = partsOf(this.#seed);
    return sfc32(timedId.test(id) ? id : sha256(id), this.#salt);
  }

  /** Computes something with this time and chance; it may be gone on with in another step of the same event. */
  within<T>(step: () => T): T {
    const outer = current;
    current = this;
    try {
      return step();
    } finally {
      current = outer;
    }
  }
}

let current: Entropy | undefined;

function partsOf(seed: string): [id: string, time: string] {
  const at = seed.lastIndexOf('@');
  return at < 0 ? [seed, ''] : [seed.slice(0, at), seed.slice(at + 1)];
}

/** That of the event that is computed now; `undefined` while none is. */
export function currentEntropy(): Entropy | undefined {
  return current;
}

/** sfc32 (Chris Doty-Humphrey, PractRand 0.93), seeded with the first 128 bits of a text in hex. */
export function sfc32(seed: string, salt: number): () => number {
  const hex = seed.replaceAll('-', '');
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
