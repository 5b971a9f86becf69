import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storeLimits } from '../../runtime/protocol/store-limits.ts';
import { readPage } from '../../runtime/sqlite/log/read-page.ts';

const anyLength = fc.oneof(
  fc.nat({ max: 200 }),
  fc.nat({ max: storeLimits.pageLengthMax / 8 }),
  fc.nat({ max: 2 * storeLimits.pageLengthMax }),
);

test('a page has the rows that fit, in order, and says whether there may be more', () => {
  fc.assert(
    fc.property(
      fc.array(anyLength, { maxLength: 120 }),
      fc.integer({ min: 1, max: 100 }),
      (lengths, limit) => {
        const { rows, more } = pageOf(lengths, limit);

        expect(rows).toEqual(lengths.slice(0, fitting(lengths, limit)).map((_, index) => index));
        expect(more || rows.length === lengths.length).toBe(true);
      },
    ),
  );
});

test('what is read for a page of large rows is bounded, however many there are', () => {
  const large = 256 * 1024;
  const { rows, read } = pageOf(new Array<number>(1_000).fill(large), 512);

  expect(rows).toHaveLength(storeLimits.pageLengthMax / large);
  expect(read).toBeLessThanOrEqual(16);
});

test('a page of small rows is read in two pieces', () => {
  const { rows, pieces } = pageOf(new Array<number>(5_000).fill(40), 2_048);

  expect({ rows: rows.length, pieces }).toEqual({ rows: 2_048, pieces: 2 });
});

/** A page of a table whose rows have these lengths; and how much of the table was read for it. */
function pageOf(lengths: readonly number[], limit: number) {
  let read = 0;
  let pieces = 0;
  const page = readPage<number>({
    limit,
    read(last, count) {
      const from = last === undefined ? 0 : last + 1;
      const found = lengths.slice(from, from + count).map((_, index) => from + index);
      read += found.length;
      pieces++;
      return found;
    },
    lengthOf: (row) => lengths[row] ?? 0,
    complete: (row) => row,
  });
  return { ...page, read, pieces };
}

/** Rows up to the limit, as long as they come to no more than a page takes; the first one always. */
function fitting(lengths: readonly number[], limit: number): number {
  let sum = 0;
  const tooMuch = lengths.findIndex((length, index) => {
    sum += length;
    return index > 0 && sum > storeLimits.pageLengthMax;
  });
  return Math.min(limit, tooMuch === -1 ? lengths.length : tooMuch);
}
