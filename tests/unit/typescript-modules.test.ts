import { expect, test } from 'vitest';
import { flagsOf } from '../../runtime/hosts/typescript-modules.ts';

test('of the flags of a process, those that are allowed are kept with their values, whichever way they are given', () => {
  const given = [
    '--import',
    'tsx',
    '--inspect',
    '--title',
    'app',
    '--import=./own.mjs',
    '--enable-source-maps',
  ];

  expect(flagsOf(given, /^--(import|enable-source-maps)\b/)).toEqual([
    '--import',
    'tsx',
    '--import=./own.mjs',
    '--enable-source-maps',
  ]);
});
