import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCodes } from '../../runtime/errors/codes.ts';

const root = join(import.meta.dirname, '../..');

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('are-tested.test.ts'))
    .map((path) => readFileSync(join(root, folder, path), 'utf8'));
}

test('every error code is raised by name in a test', () => {
  const tests = [...filesOf('tests'), ...filesOf('runtime/testing')].join('\n');

  const untested = Object.keys(errorCodes).filter((code) => !new RegExp(`\\b${code}\\b`).test(tests));

  expect(untested).toEqual([]);
});

test('every error code is raised somewhere in the library', () => {
  const sources = ['actors', 'runtime'].flatMap(filesOf).join('\n');

  const unused = Object.keys(errorCodes).filter(
    (code) => !new RegExp(`'${code}'|\\[${code}\\]`).test(sources),
  );

  expect(unused).toEqual([]);
});
