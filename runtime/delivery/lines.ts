/** What a line may hold before the rest stays in the file, and where it has run low and is filled again. */
const [waitingMax, waitingLow] = [128, 32] as const;

interface Line<Item> {
  readonly underway: Set<number>;
  readonly waiting: Item[];
  /** The last item that was let in, if others were turned away behind it. */
  turnedAwayAfter: number | undefined;
  lastId: number;
  /** The first that has left without having been served, as far as it is known: another may have served it since. */
  missing: number;
}

/**
 * Lines of what goes a few at a time: one for each name, for as long as somebody stands in it. A line that is full turns
 * away who comes, so that no name fills the memory or keeps others from being served.
 */
export class Lines<Item extends { readonly id: number }> {
  readonly #width: number;
  readonly #lines = new Map<string, Line<Item>>();

  /** So many of a line may go at once. */
  constructor(width: number) {
    this.#width = width;
  }

  get size(): number {
    return this.#lines.size;
  }

  /** Enters a line: whether it can go at once, waits, or is turned away. */
  enter(name: string, item: Item): 'goes' | 'waits' | 'turned-away' {
    let line = this.#lines.get(name);
    if (line === undefined) {
      line = {
        underway: new Set(),
        waiting: [],
        turnedAwayAfter: undefined,
        lastId: 0,
        missing: Number.POSITIVE_INFINITY,
      };
      this.#lines.set(name, line);
    }
    if (line.turnedAwayAfter !== undefined) return 'turned-away';
    const goes = line.underway.size < this.#width;
    if (goes) line.underway.add(item.id);
    else if (line.waiting.length < waitingMax) line.waiting.push(item);
    else {
      line.turnedAwayAfter = line.lastId;
      return 'turned-away';
    }
    line.lastId = item.id;
    return goes ? 'goes' : 'waits';
  }

  /** One of a line has gone, for good or not; returns who goes next, if anybody waits. */
  leave(name: string, id: number, isMissing: boolean): Item | undefined {
    const line = this.#lines.get(name) as Line<Item>;
    line.underway.delete(id);
    if (isMissing) line.missing = Math.min(line.missing, id);
    const next = line.waiting.shift();
    if (next !== undefined) line.underway.add(next.id);
    else if (line.underway.size === 0 && line.turnedAwayAfter === undefined) this.#lines.delete(name);
    return next;
  }

  /** The last of those on their way that entered before one of them; 0 if there is none. */
  before(name: string, id: number): number {
    const { underway } = this.#lines.get(name) as Line<Item>;
    return Math.max(0, ...[...underway].filter((each) => each < id));
  }

  /** Whether nobody comes before one of them who was not served, here or after having left. */
  isNext(name: string, id: number): boolean {
    const { underway, missing } = this.#lines.get(name) as Line<Item>;
    return Math.min(missing, ...underway) >= id;
  }

  /** Sends everybody away who waits behind those on their way; returns them. They are not waited for: whoever sent them asks again. */
  disperse(name: string): Item[] {
    const line = this.#lines.get(name) as Line<Item>;
    line.turnedAwayAfter = undefined;
    const behind = line.waiting.splice(0);
    // They came in order, but for those on their way.
    line.missing = Math.min(line.missing, behind[0]?.id ?? line.missing);
    return behind;
  }

  /** Names whose line has turned somebody away. */
  get full(): string[] {
    return [...this.#lines].flatMap(([name, line]) => (line.turnedAwayAfter === undefined ? [] : [name]));
  }

  /** Whether a line has turned somebody away and has run low since. */
  isLow(name: string): boolean {
    const line = this.#lines.get(name);
    return line?.turnedAwayAfter !== undefined && line.waiting.length <= waitingLow;
  }

  /** Opens a line again; returns the id after which others were turned away. */
  open(name: string): number | undefined {
    const line = this.#lines.get(name);
    const after = line?.turnedAwayAfter;
    if (line === undefined || after === undefined) return undefined;
    line.turnedAwayAfter = undefined;
    if (line.underway.size === 0) this.#lines.delete(name);
    return after;
  }
}
