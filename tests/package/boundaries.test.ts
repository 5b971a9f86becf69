import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

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
  importing('runtime/errors', '../protocol/limits.ts'),
  importing('runtime/store', '../../machines/any.machine.ts'),
  importing('runtime/testing', 'fast-check'),
  importing('tests/integration', 'holdfast'),
  importing('tests/unit', '../../runtime/index.ts'),
];

let planted = 0;

/** Writes the files, lints exactly these, and leaves the tree as it was. */
function lintPlanted(folder: string, sources: (names: readonly string[]) => readonly string[]) {
  const names = ['a', 'b'].map((letter) => `zz-canary-${process.pid}-${++planted}${letter}.ts`);
  const missingFolder = firstMissing(join(root, folder));
  const written: string[] = [];
  try {
    mkdirSync(join(root, folder), { recursive: true });
    for (const [index, source] of sources(names).entries()) {
      const path = join(root, folder, names[index] as string);
      written.push(path);
      writeFileSync(path, source);
    }
    const { status, stdout, stderr } = spawnSync(biome, ['lint', '--error-on-warnings', ...written], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, report: stdout + stderr };
  } finally {
    for (const path of written) rmSync(path, { force: true });
    if (missingFolder) rmSync(missingFolder, { recursive: true, force: true });
  }
}

function firstMissing(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  return firstMissing(dirname(path)) ?? path;
}

test.each(forbidden)('the linter refuses in $folder: $what', ({ folder, source, rule }) => {
  const { status, report } = lintPlanted(folder, () => [source]);

  expect(report).toContain(rule);
  expect(status).toBe(1);
});

test('the linter refuses an import cycle', () => {
  const { status, report } = lintPlanted('runtime', ([a, b]) => [
    `import { second } from './${b}';\n\nexport const first = (): number => second();\n`,
    `import { first } from './${a}';\n\nexport const second = (): number => first();\n`,
  ]);

  expect(report).toContain('lint/suspicious/noImportCycles');
  expect(status).toBe(1);
});

test.each(allowed)('the linter accepts in $folder: $what', ({ folder, source }) => {
  const { status, report } = lintPlanted(folder, () => [source]);

  expect(status, report).toBe(0);
});

test.each([
  ['better-sqlite3', 'runtime/sqlite/driver.ts'],
  ['comlink', 'runtime/threads/control-channel.ts'],
  ['piscina', 'runtime/cpu/pool.ts'],
  ['xstate', 'actors/xstate-adapter.ts'],
])('the one door to %s is %s', (vendor, door) => {
  expect(readFileSync(join(root, door), 'utf8')).toContain(`'${vendor}'`);
});
