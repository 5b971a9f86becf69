import { expect, onTestFinished, test, vi } from 'vitest';
import { Terminal } from '../../runtime/cli/terminal.ts';

test('a table may have more rows than a function takes arguments', () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => written.mockRestore());
  const rows = Array.from({ length: 150_000 }, (_, index) => ({ stream: `s-${index}`, version: 1 }));

  new Terminal(false).rows(rows);

  expect(written).toHaveBeenCalledTimes(rows.length + 1);
  expect(written.mock.calls[0]).toEqual(['stream    version\n']);
  expect(written.mock.calls.at(-1)).toEqual(['s-149999  1\n']);
});
