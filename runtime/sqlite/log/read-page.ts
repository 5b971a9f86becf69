import { storeLimits } from '../../protocol/store-limits.ts';

/** How a page is read. */
export interface PageOf<Found, Row> {
  /** Rows of the page, at most. */
  readonly limit: number;
  /** The rows that follow one, or the first ones. */
  readonly read: (last: Row | undefined, limit: number) => readonly Found[];
  /** How long the payload of a row is, also where it was left out. */
  readonly lengthOf: (row: Found) => number;
  /** The row itself, read whole where its payload was left out. */
  readonly complete: (row: Found) => Row;
}

const isLong = `octet_length(e.data) > ${storeLimits.shortPayloadMax}`;

/**
 * The payload of an event, or how many bytes it takes where that is much, which SQLite knows without reading them: rows
 * that a page turns out to have no room for cost nothing then, whatever came before them.
 */
export const shortPayload: string = `iif(${isLong}, octet_length(e.data), e.data)`;

/** What lies behind the payload of an event, which SQLite would have to read to come there. */
export function besideShortPayload(expression: string): string {
  return `iif(${isLong}, null, ${expression})`;
}

/** A payload, or how many bytes the one takes that was left out. */
export type FoundPayload = string | number;

/** How long a payload is, or the one that was left out. */
export function lengthOfPayload(payload: FoundPayload): number {
  return typeof payload === 'number' ? payload : payload.length;
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
 * is as long as what came before leaves room for, so that few rows are read in vain.
 */
export function readPage<Found, Row = Found>({
  limit,
  read,
  lengthOf,
  complete,
}: PageOf<Found, Row>): Page<Row> {
  const rows: Row[] = [];
  let length = 0;
  while (rows.length < limit) {
    const room =
      rows.length === 0
        ? firstPiece
        : ((storeLimits.pageLengthMax - length) * rows.length) / Math.max(length, 1);
    const piece = Math.min(limit - rows.length, Math.max(Math.floor(room), 1));
    const found = read(rows.at(-1), piece);
    for (const row of found) {
      length += lengthOf(row);
      if (length > storeLimits.pageLengthMax && rows.length > 0) return { rows, more: true };
      rows.push(complete(row));
    }
    if (found.length < piece) return { rows, more: false };
  }
  return { rows, more: true };
}
