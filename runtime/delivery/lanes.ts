/** What a line may hold before the rest stays in the file, and where it has run low and is filled again. */
const [waitingMax, waitingLow] = [128, 32] as const;

interface Lane<Item> {
  underway: number;
  readonly waiting: Item[];
  /** The last item that was let in, if others were turned away behind it. */
  turnedAwayAfter: number | undefined;
  lastId: number;
}

/**
 * Lines of what goes a few at a time: one for each name, for as long as somebody stands in it. A line that is full turns
 * away who comes, so that no name fills the memory or keeps others from being served.
 */
export class Lanes<Item extends { readonly id: number }> {
  readonly #width: number;
  readonly #lanes = new Map<string, Lane<Item>>();

  /** So many of a line may go at once. */
  constructor(width: number) {
    this.#width = width;
  }

  /** Enters a line: whether it can go at once, waits, or is turned away. */
  enter(name: string, item: Item): 'goes' | 'waits' | 'turned-away' {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { underway: 0, waiting: [], turnedAwayAfter: undefined, lastId: 0 };
      this.#lanes.set(name, lane);
    }
    if (lane.turnedAwayAfter !== undefined) return 'turned-away';
    if (lane.underway < this.#width) {
      lane.underway++;
      lane.lastId = item.id;
      return 'goes';
    }
    if (lane.waiting.length >= waitingMax) {
      lane.turnedAwayAfter = lane.lastId;
      return 'turned-away';
    }
    lane.waiting.push(item);
    lane.lastId = item.id;
    return 'waits';
  }

  /** One of a line has gone; returns who goes next, if anybody waits. */
  leave(name: string): Item | undefined {
    const lane = this.#lanes.get(name);
    const next = lane?.waiting.shift();
    if (lane === undefined || next !== undefined) return next;
    if (--lane.underway === 0 && lane.turnedAwayAfter === undefined) this.#lanes.delete(name);
    return undefined;
  }

  /** Sends everybody away who waits in a line; returns them. They are not waited for: whoever sent them asks again. */
  disperse(name: string): Item[] {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return [];
    lane.turnedAwayAfter = undefined;
    return lane.waiting.splice(0);
  }

  /** Names whose line has turned somebody away. */
  get full(): string[] {
    return [...this.#lanes].flatMap(([name, lane]) => (lane.turnedAwayAfter === undefined ? [] : [name]));
  }

  /** Whether a line has turned somebody away and has run low since. */
  isLow(name: string): boolean {
    const lane = this.#lanes.get(name);
    return lane?.turnedAwayAfter !== undefined && lane.waiting.length <= waitingLow;
  }

  /** Opens a line again; returns the id after which others were turned away. */
  open(name: string): number | undefined {
    const lane = this.#lanes.get(name);
    const after = lane?.turnedAwayAfter;
    if (lane === undefined || after === undefined) return undefined;
    lane.turnedAwayAfter = undefined;
    if (lane.underway === 0) this.#lanes.delete(name);
    return after;
  }
}
