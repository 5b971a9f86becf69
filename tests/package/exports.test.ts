import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const targets = Object.entries<string>(manifest.exports);

test.each(targets)('%s leads to a built file with its types', (_subpath, target) => {
  expect(existsSync(join(root, target))).toBe(true);
  if (target.endsWith('.js')) {
    expect(existsSync(join(root, target.replace(/\.js$/, '.d.ts')))).toBe(true);
  }
});

test.each<string>(manifest.sideEffects)('%s, which bundlers must keep, exists', (target) => {
  expect(globSync(target, { cwd: root })).not.toEqual([]);
});

test.each(['node-version', 'threads/exit-guard', 'errors/holdfast-error'])(
  'the doors share one %s, however many of them are imported',
  (module) => {
    const doors = targets.map(([, target]) => target).filter((target) => /(index|offline)\.js$/.test(target));
    const files = [...doors, ...globSync('dist/runtime/chunks/*.js', { cwd: root })];
    const shared = new Set(doors.flatMap((door) => holdersBehind(door, module, files)));

    expect(doors).toHaveLength(8);
    expect([...shared]).toHaveLength(1);
  },
);

/** The sources that a built file is made of. */
function sourcesOf(file: string): readonly string[] {
  return (JSON.parse(read(`${file}.map`)) as { sources: string[] }).sources;
}

/** The files among those that a built door imports, at once or later, which hold a module of the sources. */
function holdersBehind(door: string, module: string, files: readonly string[]): string[] {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name] of read(file).matchAll(/["']\.{1,2}\/(?:chunks\/)?([\w-]+\.js)["']/g)) {
      const imported = files.find((each) => basename(each) === name && each.includes('/chunks/'));
      if (imported !== undefined) visit(imported);
    }
  };
  visit(door);
  return [...seen].filter((file) =>
    sourcesOf(file).some((source) => source.endsWith(`/runtime/${module}.ts`)),
  );
}

test.each(
  targets
    .map(([subpath]) => join('holdfast', subpath))
    .filter((name) => /holdfast(\/(offline|container|store|probes|resilience|security))?$/.test(name)),
)('%s can be imported by its name', async (name) => {
  expect(Object.keys(await import(name))).not.toEqual([]);
});

test('the door of the container loads nothing but itself', () => {
  expect(packagesAtImport('dist/runtime/container/index.js').toSorted()).toEqual([
    'node:async_hooks',
    'node:diagnostics_channel',
    'node:path',
  ]);
});

test.each([
  ...targets.map(([, target]) => target).filter((target) => /(index|offline)\.js$/.test(target)),
  ...Object.values<string>(manifest.bin),
])('%s loads no library into the main thread before it is needed there', (door) => {
  const libraries = packagesAtImport(door).filter((name) => !name.startsWith('node:'));

  expect(libraries.filter((name) => !['xstate', 'fast-check'].includes(name))).toEqual([]);
});

test.each(['dist/runtime/index.js', 'dist/runtime/store/index.js'])(
  '%s is loaded from a few files',
  (door) => {
    const files = importedAtOnce(door).filter((name) => name.startsWith('dist/'));

    expect(files).toContain(door);
    expect(files.length).toBeLessThanOrEqual(6);
    // They take a third of the time in which a door is loaded, and are needed later or never.
    for (const late of ['node:crypto', 'node:fs', 'node:fs/promises'])
      expect(packagesAtImport(door)).not.toContain(late);
  },
);

/** What a built door imports at once from outside of the build. */
function packagesAtImport(door: string): string[] {
  return importedAtOnce(door).filter((name) => !name.startsWith('dist/'));
}

/** The files of the build that a door is loaded from, and what they import by name. */
function importedAtOnce(door: string): string[] {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ''] of read(file).matchAll(/(?:from |import )"([^"]+)"/g)) {
      if (name.startsWith('.')) visit(join(file, '..', name));
      else seen.add(name);
    }
  };
  visit(join(door));
  return [...seen];
}

test('the published types name no package but those whose types are part of the interface', () => {
  const declarations = globSync('dist/**/*.d.ts', { cwd: root })
    .map(read)
    .join('\n')
    .replace(/^\s*\*.*$/gm, '');
  const named = [...declarations.matchAll(/(?:\bfrom |import\()'([^'.][^'\n]*)'/g)].map(
    ([, name = '']) => name,
  );

  expect(named).toContain('xstate');
  const packages = new Set(named.filter((name) => !name.startsWith('node:')));
  expect([...packages].toSorted()).toEqual(['fast-check', 'xstate']);
});

test('no bundler is left to guess at what is imported by a name that is only known later', () => {
  const code = globSync('dist/runtime/{chunks,threads/chunks}/*.js', { cwd: root }).map(read).join('\n');
  const imports = [...code.matchAll(/\bimport\(\s*([^"\s][^)]*)\)/g)].map(([, what = '']) => what.trim());

  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((what) => !/@vite-ignore.*webpackIgnore: true/s.test(what))).toEqual([]);
});
