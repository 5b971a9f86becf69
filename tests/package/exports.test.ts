import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const targets = Object.entries<string>(manifest.exports);

interface PackedFile {
  readonly path: string;
  readonly size: number;
}

function packedFiles(): readonly PackedFile[] {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  // npm 12 keys the report by package name; before, it is a list.
  const report = JSON.parse(stdout);
  return (Array.isArray(report) ? report[0] : report[manifest.name]).files;
}

test.each(targets)('%s leads to a built file with its types', (_subpath, target) => {
  expect(existsSync(join(root, target))).toBe(true);
  if (target.endsWith('.js')) {
    expect(existsSync(join(root, target.replace(/\.js$/, '.d.ts')))).toBe(true);
  }
});

test.each<string>(manifest.sideEffects)('%s, which bundlers must keep, exists', (target) => {
  expect(existsSync(join(root, target))).toBe(true);
});

test.each(
  targets
    .map(([subpath]) => join('holdfast', subpath))
    .filter((name) => /holdfast(\/(offline|store))?$/.test(name)),
)('%s can be imported by its name', async (name) => {
  expect(Object.keys(await import(name))).not.toEqual([]);
});

test('the tarball holds what users need and nothing else', () => {
  const files = packedFiles();
  const paths = files.map((file) => file.path);

  expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']));
  for (const [, target] of targets) expect(paths).toContain(target.slice('./'.length));
  expect(
    paths.filter(
      (path) =>
        !/^(dist|runtime|actors|machines|docs)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(
          path,
        ),
    ),
  ).toEqual([]);
  expect(paths.filter((path) => /\.test(-d)?\.|zz-canary|\.tsbuildinfo$/.test(path))).toEqual([]);
  expect(files.filter((file) => file.size > 200 * 1024)).toEqual([]);
});
