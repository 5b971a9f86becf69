import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const sources = ['runtime', 'actors', 'machines'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`),
);

/** `path:line: text` of every line that matches, so that a failure says where to look. */
function linesMatching(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((text, index) => (pattern.test(text) ? [`${path}:${index + 1}: ${text.trim()}`] : [])),
  );
}

test('there are sources to look at', () => {
  expect(sources).not.toEqual([]);
});

test('no file is longer than 400 lines', () => {
  const long = sources.filter((path) => read(path).trimEnd().split('\n').length > 400);

  expect(long).toEqual([]);
});

test('no file is named after what it is not about', () => {
  const vague = sources.filter((path) => /^(utils?|helpers?|common|types|misc)\./.test(basename(path)));

  expect(vague).toEqual([]);
});

test('no enum, namespace or default export', () => {
  expect(linesMatching(sources, /^\s*(export\s+)?(declare\s+)?((const\s+)?enum|namespace)\s+\w+/)).toEqual(
    [],
  );
  expect(linesMatching(sources, /^\s*export\s+(default\b|\{.*\bas\s+default\b)/)).toEqual([]);
});

test('no unfinished work and no console', () => {
  expect(linesMatching(sources, /\b(TODO|FIXME|XXX)\b/)).toEqual([]);
  // An example in a docstring may print.
  expect(linesMatching(sources, /^(?!\s*(\*|\/\*|\/\/)).*\bconsole\./)).toEqual([]);
});

test('no module-level await, which would break require() of the package', () => {
  expect(linesMatching(sources, /^(export\s+)?((const|let|using)\s.*=\s*)?await\s/)).toEqual([]);
});

test('machines take no chances', () => {
  const machines = sources.filter((path) => path.startsWith('machines/'));

  expect(linesMatching(machines, /\bMath\.random\b|\brandomUUID\b/)).toEqual([]);
});

test('every symbol of a public door has a docstring where it is declared', () => {
  const doors = Object.values<string>(JSON.parse(read('package.json')).exports)
    .filter((target) => target.startsWith('./dist/'))
    .map((target) => target.slice('./dist/'.length).replace(/\.js$/, '.ts'));

  expect(doors.flatMap((door) => undocumented(door))).toEqual([]);
});

test('what benchmarks import of the build is there', () => {
  const programs = globSync('benchmarks/**/*.ts', { cwd: root });
  const imported = programs.flatMap((path) =>
    [...read(path).matchAll(/importBuilt<.*?>\(\s*'([^']+)'/gs)].map(([, file = '']) => `dist/${file}`),
  );

  expect(imported).not.toEqual([]);
  expect(imported.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the README is short and shows code at once', () => {
  const lines = read('README.md').trimEnd().split('\n');
  const firstExample = lines.findIndex((line) => line.startsWith('```ts')) + 1;

  expect(lines.length).toBeLessThanOrEqual(150);
  expect(firstExample).toBeGreaterThan(0);
  expect(firstExample).toBeLessThanOrEqual(20);
});

/** Follows hand-written re-exports from `path` and lists the symbols declared without a docstring. */
function undocumented(path: string, only?: string): string[] {
  const text = read(path);
  const missing: string[] = [];
  let found = only === undefined;

  for (const declared of text.matchAll(
    /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|function\*?|class|interface|type)\s+(\w+)/gm,
  )) {
    const name = declared[1] as string;
    if (only !== undefined && name !== only) continue;
    if (only !== undefined && found) continue;
    found = true;
    if (!text.slice(0, declared.index).trimEnd().endsWith('*/')) missing.push(`${path}: ${name}`);
  }

  for (const [, list = '', from] of text.matchAll(
    /^export\s+(?:type\s+)?\{([^}]*)\}(?:\s+from\s+'(\.[^']+)')?/gm,
  )) {
    for (const entry of list.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').split(',')) {
      const [name, alias = name] = entry
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+as\s+/);
      if (!name || (only !== undefined && alias !== only)) continue;
      found = true;
      if (from) missing.push(...undocumented(join(path, '..', from), name));
    }
  }

  return found ? missing : [`${path}: ${only} is not declared here`];
}
