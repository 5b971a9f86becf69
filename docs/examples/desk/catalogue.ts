import { createHash } from 'node:crypto';
import type { Runtime } from 'holdfast';
import { type DocumentFacts, document } from './document.ts';
import type { FoundFile } from './walk-folder.ts';

/** A document as the log has it. */
export interface KnownDocument extends DocumentFacts {
  readonly id: string;
  /** How many events it has: what the next command must find. */
  readonly version: number;
  readonly isPresent: boolean;
  /** What the file looked like from outside when it was last read: see `walk-folder.ts`. */
  readonly stamp: string | undefined;
}

const streamPrefix = `${document.kind}/`;

/** All documents there ever were: a fold of the event log, which is the only thing that the desk remembers. */
export class Catalogue {
  readonly #byId: ReadonlyMap<string, KnownDocument>;
  readonly #byPath = new Map<string, KnownDocument>();
  readonly #hashes = new Set<string>();

  constructor(documents: ReadonlyMap<string, KnownDocument>) {
    this.#byId = documents;
    for (const known of documents.values()) {
      this.#hashes.add(known.hash);
      if (known.isPresent || !this.#byPath.get(known.path)?.isPresent) this.#byPath.set(known.path, known);
    }
  }

  /** Reads the log from its first event. Metadata is about an event rather than of it, and holds the stamp. */
  static async read(store: Runtime['store']): Promise<Catalogue> {
    const documents = new Map<string, KnownDocument>();
    for await (const { stream, version, type, data, metadata } of store.readAll()) {
      if (!stream.startsWith(streamPrefix)) continue;
      const id = stream.slice(streamPrefix.length);
      const { text: _, ...changed } = data as DocumentFacts & { text?: string };
      const facts = { ...documents.get(id), ...changed };
      const stamp = metadata['stamp'] as string | undefined;
      documents.set(id, { ...facts, id, version, isPresent: type !== 'removed', stamp });
    }
    return new Catalogue(documents);
  }

  /** The document at a path, or else the one that was there last. */
  at(path: string): KnownDocument | undefined {
    return this.#byPath.get(path);
  }

  /** What is in a file, if it looks as it did when it was read: then it need not be read again. */
  hashByStamp({ path, stamp }: FoundFile): string | undefined {
    const known = this.#byPath.get(path);
    return known?.isPresent && stamp !== undefined && known.stamp === stamp ? known.hash : undefined;
  }

  /** Whether any document has this content, or had it when it was removed. */
  knowsContent(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  present(): KnownDocument[] {
    return [...this.#byId.values()].filter((known) => known.isPresent);
  }

  /**
   * An id for a document that is born at a path. The same for every desk that looks at the same log, so that two of
   * them at once make one document of one file; another one if a document that was born here lives elsewhere now.
   */
  newId(path: string): string {
    for (let birth = 1; ; birth++) {
      const id = createHash('sha256').update(`${birth} ${path}`).digest('hex').slice(0, 20);
      if (!this.#byId.has(id)) return id;
    }
  }
}
