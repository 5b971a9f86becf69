import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { absolutePath } from '../../runtime/store/database-path.ts';

test('a database is named by a path or by the URL of a file', () => {
  const url = pathToFileURL('/data/app.db');

  expect(absolutePath('app.db')).toBe(resolve('app.db'));
  expect(absolutePath(url)).toBe(resolve('/data/app.db'));
  expect(absolutePath(url.href)).toBe(resolve('/data/app.db'));
});

test.each([
  ['file:app.db', 'must be the path or URL of a file'],
  ['http://example.org/app.db', 'must be a file'],
  [new URL('http://example.org/app.db'), 'must be a file'],
  ['', 'must be the path or URL of a file'],
  ['a\0b', 'must be the path or URL of a file'],
  [':memory:', 'InMemoryEventStoreBackend'],
])('%s is refused as the place of a database', (path, said) => {
  expect(() => absolutePath(path)).toThrow(said);
});
