import { limits } from '../../protocol/limits.ts';

/** How a page is read. */
export interface PageOf<Row> {
  /** Rows of the page, at most. */
  readonly limit: number;
  /** The rows that follow one, or the first ones. */
  readonly read: (last: Row | undefined, limit: number) => readonly Row[];
  /** Characters of the payload of a row. */
  readonly lengthOf: (row: Row) => number;
}

/** Rows of a page, and whether it has ended before there were no more. */
export interface Page<Row> {
  readonly rows: Row[];
  readonly more: boolean;
}

/** Rows that are read before it is known how large they are. */
const firstPiece = 16;

/**
 * Reads a page in pieces. It ends early where its payloads come to too much, never before its first row; and each piece
 * is as long as what came before leaves room for, since a page of large payloads that was read whole could fill the memory.
 */
export function readPage<Row>({ limit, read, lengthOf }: PageOf<Row>): Page<Row> {
  const rows: Row[] = [];
  let length = 0;
  while (rows.length < limit) {
    const room =
      rows.length === 0 ? firstPiece : ((limits.pageLengthMax - length) * rows.length) / Math.max(length, 1);
    const piece = Math.min(limit - rows.length, Math.max(Math.floor(room), 1));
    const found = read(rows.at(-1), piece);
    for (const row of found) {
      length += lengthOf(row);
      if (length > limits.pageLengthMax && rows.length > 0) return { rows, more: true };
      rows.push(row);
    }
    if (found.length < piece) return { rows, more: false };
  }
  return { rows, more: true };
}
