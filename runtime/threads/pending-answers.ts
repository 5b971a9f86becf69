type Settle<Answer> = (answer: Answer | Error) => void;

const placesAtFirst = 64;

/**
 * Who waits for an answer of another thread: settled by the answer, or all at once when the thread is gone.
 *
 * Numbers are given in turn and answers come nearly in turn, so that whoever waits has a place in a ring at its number
 * modulo the length. With 8,192 under way a map takes ten times as long, as it is rebuilt for every few thousand that
 * have come and gone.
 */
export class PendingAnswers<Answer> {
  #ring: (Settle<Answer> | undefined)[] = emptyRing(placesAtFirst);
  /** Who has waited for a whole turn of the ring while others were answered. */
  readonly #late = new Map<number, Settle<Answer>>();
  #onSettled: (() => void) | undefined;
  #lastId = 0;
  #size = 0;
  #failure: Error | undefined;

  /** Remembers who waits and returns the number of the request; `undefined` if the thread is gone, as was then told. */
  add(settle: Settle<Answer>): number | undefined {
    if (this.#failure !== undefined) {
      settle(this.#failure);
      return undefined;
    }
    const id = ++this.#lastId;
    if (this.#ring[this.#placeOf(id)] !== undefined) this.#makeRoom(id);
    this.#ring[this.#placeOf(id)] = settle;
    this.#size++;
    return id;
  }

  settle(id: number, answer: Answer | Error): void {
    const settle = this.#take(id);
    if (settle === undefined) return;
    this.#size--;
    settle(answer);
    if (this.#size === 0) this.#onSettled?.();
  }

  /** Settles everyone who waits, and everyone who comes later. */
  fail(error: Error): void {
    this.#failure = error;
    const waiting = [...this.#late.values(), ...this.#inTurn()];
    this.#late.clear();
    this.#ring = emptyRing(placesAtFirst);
    this.#size = 0;
    for (const settle of waiting) settle(error);
    this.#onSettled?.();
  }

  /** Resolves when nobody waits. */
  async settled(): Promise<void> {
    if (this.#size === 0) return;
    const others = this.#onSettled;
    await new Promise<void>((resolve) => {
      this.#onSettled = () => {
        others?.();
        resolve();
      };
    });
  }

  #placeOf(id: number): number {
    return id & (this.#ring.length - 1);
  }

  #take(id: number): Settle<Answer> | undefined {
    const hasPlace = id <= this.#lastId && id > this.#lastId - this.#ring.length;
    const settle = hasPlace ? this.#ring[this.#placeOf(id)] : undefined;
    if (settle !== undefined) {
      this.#ring[this.#placeOf(id)] = undefined;
      return settle;
    }
    const late = this.#late.get(id);
    this.#late.delete(id);
    return late;
  }

  /** The place of a new number is taken: the ring is too short, or one of few has waited for a whole turn of it. */
  #makeRoom(id: number): void {
    const { length } = this.#ring;
    const oldest = id - length;
    if (this.#size - this.#late.size < length / 2) {
      this.#late.set(oldest, this.#ring[this.#placeOf(id)] as Settle<Answer>);
      return;
    }
    const waiting = this.#ring;
    this.#ring = emptyRing(2 * length);
    for (let each = oldest; each < id; each++) this.#ring[this.#placeOf(each)] = waiting[each & (length - 1)];
  }

  /** Who waits in the ring, in the order of their numbers. */
  #inTurn(): Settle<Answer>[] {
    const { length } = this.#ring;
    const oldest = this.#lastId - length + 1;
    return Array.from({ length }, (_, index) => this.#ring[(oldest + index) & (length - 1)]).filter(
      (settle) => settle !== undefined,
    );
  }
}

/** A ring of so many places, a power of two. */
function emptyRing<Answer>(places: number): (Settle<Answer> | undefined)[] {
  return new Array<Settle<Answer> | undefined>(places).fill(undefined);
}
