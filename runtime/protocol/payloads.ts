import { decode } from './codec.ts';

/** So many are parsed together: enough to be faster, few enough to be gone before the memory for them is cleared. */
const together = 64;

/**
 * The values of many texts that {@link decode} reads, asked for in order and each once. Texts that are plain JSON are
 * parsed some at a time, in two thirds of the time that they take one by one.
 */
export class Payloads {
  readonly #texts: readonly string[];
  #values: unknown[] = [];
  #from = 0;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** Throws what `decode` throws for the text at this index. */
  at(index: number): unknown {
    if (index >= this.#from + this.#values.length) this.#parseFrom(index);
    const value = this.#values[index - this.#from];
    return value === undefined ? decode(this.#texts[index] as string) : value;
  }

  #parseFrom(index: number): void {
    this.#from = index;
    const texts = this.#texts.slice(index, index + together);
    this.#values = parsed(texts) ?? new Array<undefined>(texts.length).fill(undefined);
  }
}

/** The values, or `undefined` if they are not all plain objects. Between texts is what no string of JSON may hold. */
function parsed(texts: readonly string[]): unknown[] | undefined {
  // Parts of an object become JSON beside each other.
  if (!texts.every((each) => each.startsWith('{') && each.endsWith('}'))) return undefined;
  try {
    const text = `[${texts.join(',\n')}]`;
    if (text.includes('{"$')) return undefined;
    const values = JSON.parse(text) as unknown[];
    return values.length === texts.length ? values : undefined;
  } catch {
    return undefined;
  }
}
