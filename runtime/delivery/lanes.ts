/** Lines of what goes one after the other: one for each name, for as long as somebody stands in it. */
export class Lanes<Item> {
  readonly #waiting = new Map<string, Item[]>();

  /** Enters a line. Whether it was empty, so that the item can go at once. */
  enter(name: string, item: Item): boolean {
    const lane = this.#waiting.get(name);
    if (lane === undefined) this.#waiting.set(name, []);
    else lane.push(item);
    return lane === undefined;
  }

  /** Sends everybody away who stands behind the first of a line; returns them. */
  disperse(name: string): Item[] {
    return this.#waiting.get(name)?.splice(0) ?? [];
  }

  /** The first of a line has gone; returns who goes next, if anybody waits. */
  leave(name: string): Item | undefined {
    const next = this.#waiting.get(name)?.shift();
    if (next === undefined) this.#waiting.delete(name);
    return next;
  }
}
