import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { absolutePath, databasePath } from '../../runtime/store/database-path.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a database is named by a path or by the URL of a file', () => {
  const url = pathToFileURL('/data/app.db');

  expect(absolutePath('app.db')).toBe(resolve('app.db'));
  expect(absolutePath(url)).toBe(resolve('/data/app.db'));
  expect(absolutePath(url.href)).toBe(resolve('/data/app.db'));
});

function containsItself(): object {
  const self: { self?: object } = {};
  self.self = self;
  return self;
}

test('a symbolic link is followed to where the file is, or is to be', () => {
  const folder = realpathSync(temporaryFolder());
  for (const each of ['a', 'b', 'b/deep']) mkdirSync(join(folder, each));
  symlinkSync('a/two.db', join(folder, 'one.db'));
  symlinkSync('../linked/../three.db', join(folder, 'a/two.db'));
  symlinkSync('b/deep', join(folder, 'linked'));
  symlinkSync('loop.db', join(folder, 'loop.db'));

  // Nothing is there; `..` is that of the folder that `linked` leads to.
  expect(databasePath(join(folder, 'one.db'))).toBe(join(folder, 'b/three.db'));
  expect(databasePath(join(folder, 'plain.db'))).toBe(join(folder, 'plain.db'));
  expect(databasePath(join(folder, 'loop.db'))).toBe(join(folder, 'loop.db'));
});

test.each([
  ['file:app.db', 'must be the path or URL of a file'],
  ['http://example.org/app.db', 'must be a file'],
  [new URL('http://example.org/app.db'), 'must be a file'],
  ['file://computer/app.db', 'File URL host must be "localhost" or empty'],
  [new URL('file:///data/a%2Fb.db'), 'must not include encoded / characters'],
  ['http://[', 'must be a file'],
  [new URL('file:///a%00b'), 'must be the path or URL of a file'],
  ['', 'must be the path or URL of a file'],
  ['a\0b', 'must be the path or URL of a file'],
  [':memory:', 'InMemoryEventStoreBackend'],
  [5n, 'must be the path or URL of a file, got 5n'],
  [Symbol('a.db'), 'must be the path or URL of a file, got a symbol'],
  [containsItself(), 'must be the path or URL of a file, got an object'],
])('%s is refused as the place of a database', (path, said) => {
  expect(() => absolutePath(path as string)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID', message: expect.stringContaining(said) }),
  );
});
