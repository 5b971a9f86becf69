import { encode } from '../protocol/codec.ts';

/** What has changed from one result of a query to the next. */
export interface RowChanges<Row> {
  readonly added: readonly Row[];
  readonly removed: readonly Row[];
  /** Rows that differ under the same key; without a key, such a row is removed and added. */
  readonly changed: readonly { readonly before: Row; readonly after: Row }[];
}

/** Compares two results: by the value of a column that is unique in each, or as bags of rows. */
export function rowChanges<Row extends object>(
  before: readonly Row[],
  after: readonly Row[],
  key: string | undefined,
): RowChanges<Row> {
  const removed = new Map<string, Row[]>();
  for (const row of before) push(removed, identityOf(row, key), row);
  const added: Row[] = [];
  const changed: { before: Row; after: Row }[] = [];
  for (const row of after) {
    const identity = identityOf(row, key);
    const same = removed.get(identity)?.shift();
    if (same === undefined) added.push(row);
    else if (key !== undefined && textOf(same) !== textOf(row)) changed.push({ before: same, after: row });
  }
  return { added, removed: [...removed.values()].flat(), changed };
}

/** By which rows, and values of them, are compared. What a query has found may be larger than a payload. */
export function textOf(value: unknown): string {
  return encode(value, 'row', Number.POSITIVE_INFINITY);
}

function identityOf(row: object, key: string | undefined): string {
  return textOf(key === undefined ? row : (row as Record<string, unknown>)[key]);
}

function push<Row>(rows: Map<string, Row[]>, identity: string, row: Row): void {
  const same = rows.get(identity);
  if (same === undefined) rows.set(identity, [row]);
  else same.push(row);
}
