import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Terminal } from '../../runtime/cli/terminal.ts';
import { deadLetters } from '../../runtime/cli/verbs/dead-letters.ts';
import { ReadOnlySqliteBackend } from '../../runtime/store/read-only-backend.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a list of dead letters that is interrupted ends before its next page', async () => {
  const database = join(temporaryFolder(), 'app.db');
  writeFileSync(database, '');
  const stop = new AbortController();
  const pages = [1, 2, 3].map((deadLetterId) => [{ deadLetterId, recordedAt: 0 }]);
  const request = vi.fn(async () => {
    stop.abort(new Error('interrupted'));
    return pages.shift() ?? [];
  });
  const close = vi.fn(async () => undefined);
  const backend = { reader: () => ({ request }), close } as unknown as ReadOnlySqliteBackend;
  vi.spyOn(ReadOnlySqliteBackend, 'open').mockResolvedValue(backend);
  onTestFinished(() => void vi.restoreAllMocks());

  const listing = deadLetters.run({
    database,
    args: [],
    options: {},
    terminal: new Terminal(false),
    signal: stop.signal,
    runForeign: (work) => work(),
  });

  await expect(listing).rejects.toThrow('interrupted');
  expect(request).toHaveBeenCalledOnce();
  expect(close).toHaveBeenCalledOnce();
});
