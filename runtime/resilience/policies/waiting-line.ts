/** A place in line, with its neighbours. */
export interface Place<Item> {
  readonly item: Item;
  before: Place<Item> | undefined;
  behind: Place<Item> | undefined;
}

/** First come, first served, and leaving from the middle costs no more than from the front: a doubly linked list. */
export class WaitingLine<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  join(item: Item): Place<Item> {
    const place: Place<Item> = { item, before: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#length++;
    return place;
  }

  /** Takes the first out of the line. */
  shift(): Item | undefined {
    const first = this.#first;
    if (first !== undefined) this.leave(first);
    return first?.item;
  }

  /** Gives up a place that is still in the line. */
  leave({ before, behind }: Place<Item>): void {
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.#length--;
  }
}
