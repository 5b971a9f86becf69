import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const biome = join(root, 'node_modules/.bin/biome');

interface Canary {
  readonly folder: string;
  readonly what: string;
  readonly source: string;
}

interface ForbiddenCanary extends Canary {
  readonly rule: string;
}

const importing = (folder: string, specifier: string): Canary => ({
  folder,
  what: specifier,
  source: `import * as planted from '${specifier}';\n\nexport const kept = planted;\n`,
});

const forbiddenImport = (folder: string, specifier: string): ForbiddenCanary => ({
  ...importing(folder, specifier),
  rule: 'lint/style/noRestrictedImports',
});

const forbidden: readonly ForbiddenCanary[] = [
  forbiddenImport('machines', 'node:fs'),
  forbiddenImport('machines', 'comlink'),
  forbiddenImport('machines', '../runtime/errors/codes.ts'),
  forbiddenImport('machines', '../actors/xstate-adapter.ts'),
  forbiddenImport('runtime/errors', 'xstate'),
  forbiddenImport('runtime/errors', '../sqlite/driver.ts'),
  forbiddenImport('runtime/protocol', 'better-sqlite3'),
  forbiddenImport('runtime/protocol', '../../actors/xstate-adapter.ts'),
  forbiddenImport('runtime/ports', '../store/index.ts'),
  forbiddenImport('actors', 'xstate'),
  forbiddenImport('actors', 'node:fs'),
  forbiddenImport('actors', '../runtime/sqlite/driver.ts'),
  forbiddenImport('actors/host', 'xstate'),
  forbiddenImport('actors/host', '../../runtime/sqlite/driver.ts'),
  forbiddenImport('actors/definitions', '../host/decide.ts'),
  forbiddenImport('runtime/store', 'better-sqlite3'),
  forbiddenImport('runtime/hosts', 'comlink'),
  forbiddenImport('runtime/hosts', 'xstate'),
  forbiddenImport('runtime/store', 'piscina'),
  forbiddenImport('runtime/store', 'fast-check'),
  forbiddenImport('runtime/store', '../../tests/support/fixture.ts'),
  forbiddenImport('tests/integration', '../../runtime/index.ts'),
  forbiddenImport('tests/fault', '../../machines/index.ts'),
  forbiddenImport('tests/contract', '../../dist/runtime/index.js'),
  forbiddenImport('benchmarks', '../runtime/index.ts'),
  forbiddenImport('docs/examples', '../../runtime/index.ts'),
  {
    folder: 'machines',
    what: 'a clock',
    source: 'export const now = (): number => Date.now();\n',
    rule: 'lint/style/noRestrictedGlobals',
  },
  {
    folder: 'runtime',
    what: 'a global that Node 22 lacks',
    source: 'export const stack = new DisposableStack();\n',
    rule: 'lint/style/noRestrictedGlobals',
  },
  {
    folder: 'runtime',
    what: 'the console',
    source: "console.log('heard');\n",
    rule: 'lint/suspicious/noConsole',
  },
  {
    folder: 'actors',
    what: 'any',
    source: 'export const value: any = 1;\n',
    rule: 'lint/suspicious/noExplicitAny',
  },
  {
    folder: 'runtime',
    what: 'a default export',
    source: 'export default 1;\n',
    rule: 'lint/style/noDefaultExport',
  },
];

const allowed: readonly Canary[] = [
  importing('machines', 'xstate'),
  importing('actors', '../runtime/ports/clock.ts'),
  importing('actors/host', '../../runtime/ports/clock.ts'),
  importing('actors/host', '../definitions/define-aggregate.ts'),
  importing('runtime/errors', '../protocol/limits.ts'),
  importing('runtime/store', '../../machines/any.machine.ts'),
  importing('runtime/testing', 'fast-check'),
  importing('tests/integration', 'holdfast'),
  importing('tests/unit', '../../runtime/index.ts'),
];

const cycle: readonly Canary[] = [
  {
    folder: 'runtime',
    what: 'one half of a cycle',
    source: `import { second } from './zz-canary-cycle-b.ts';\n\nexport const first = (): number => second();\n`,
  },
  {
    folder: 'runtime',
    what: 'its other half',
    source: `import { first } from './zz-canary-cycle-a.ts';\n\nexport const second = (): number => first();\n`,
  },
];

/** Where each canary is planted. */
const paths = new Map<Canary, string>(
  [
    ...[...forbidden, ...allowed].map((canary, index) => [canary, `zz-canary-${index}.ts`] as const),
    ...cycle.map((canary, index) => [canary, `zz-canary-cycle-${'ab'[index]}.ts`] as const),
  ].map(([canary, name]) => [canary, join(canary.folder, name)] as const),
);

/** The rules that the linter finds broken, by the path of the canary: all are planted at once, and taken away again. */
const broken = new Map<string, string[]>();

beforeAll(() => {
  const missingFolders = new Set<string>();
  try {
    for (const [{ folder, source }, path] of paths) {
      const missing = firstMissing(join(root, folder));
      if (missing !== undefined) missingFolders.add(missing);
      mkdirSync(join(root, folder), { recursive: true });
      writeFileSync(join(root, path), source);
    }
    const options = ['--error-on-warnings', '--reporter=json', '--max-diagnostics=1000'];
    const { stdout } = spawnSync(biome, ['lint', ...options, ...paths.values()], {
      cwd: root,
      encoding: 'utf8',
    });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: readonly { category: string; location: { path: string } }[];
    };
    for (const { category, location } of diagnostics) {
      broken.set(location.path, [...(broken.get(location.path) ?? []), category]);
    }
  } finally {
    for (const path of paths.values()) rmSync(join(root, path), { force: true });
    for (const folder of missingFolders) rmSync(folder, { recursive: true, force: true });
  }
});

const rulesBrokenBy = (canary: Canary): readonly string[] => broken.get(paths.get(canary) as string) ?? [];

function firstMissing(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  return firstMissing(dirname(path)) ?? path;
}

test.each(forbidden)('the linter refuses in $folder: $what', (canary) => {
  expect(rulesBrokenBy(canary)).toContain(canary.rule);
});

test('the linter refuses an import cycle', () => {
  for (const half of cycle) expect(rulesBrokenBy(half)).toContain('lint/suspicious/noImportCycles');
});

test.each(allowed)('the linter accepts in $folder: $what', (canary) => {
  expect(rulesBrokenBy(canary)).toEqual([]);
});

test.each([
  ['better-sqlite3', 'runtime/sqlite/driver.ts'],
  ['comlink', 'runtime/threads/control-channel.ts'],
  ['piscina', 'runtime/cpu/pool.ts'],
  ['xstate', 'actors/xstate-adapter.ts'],
])('the one door to %s is %s', (vendor, door) => {
  expect(readFileSync(join(root, door), 'utf8')).toContain(`'${vendor}'`);
});
