import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isNetworkModule, namedModules } from '../support/network-use.ts';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

interface PackedFile {
  readonly path: string;
  readonly size: number;
}

let folder: string;
let tarball: string;
let files: readonly PackedFile[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-tarball-'));
  const packed = npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder);
  // npm 12 keys the report by package name; before, it is a list.
  const report = JSON.parse(packed);
  const { filename, files: listed } = Array.isArray(report) ? report[0] : report[manifest.name];
  [tarball, files] = [filename, listed];
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

test('the tarball holds what users need and nothing else', () => {
  const paths = files.map((file) => file.path);

  expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']));
  for (const target of Object.values<string>(manifest.exports))
    expect(paths).toContain(target.slice('./'.length));
  expect(
    paths.filter(
      (path) =>
        !/^(dist|runtime|actors|machines|docs)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE|benchmarks\/RESULTS\.md)$/.test(
          path,
        ),
    ),
  ).toEqual([]);
  expect(paths.filter((path) => /\.test(-d)?\.|zz-canary|\.tsbuildinfo$/.test(path))).toEqual([]);
  expect(files.filter((file) => file.size > 256 * 1024)).toEqual([]);
});

test('whatever a file of the tarball imports, or starts a thread or a process from, is in it', () => {
  const paths = new Set(files.map((file) => file.path));
  const programs = [...paths].filter((path) => /^dist\/.*\.c?js$/.test(path));
  const isThere = ({ path, named }: NamedFile): boolean =>
    paths.has(posix.join(posix.dirname(path), named.replace(/\$\{\w+\}/, 'child')));
  const named = programs.flatMap(filesNamedIn);

  expect(named.length).toBeGreaterThan(programs.length);
  expect(named.filter((each) => !isThere(each))).toEqual([]);
  expect(isThere({ path: 'dist/runtime/index.js', named: './actor-ref.js' })).toBe(false);
});

interface NamedFile {
  readonly path: string;
  readonly named: string;
}

/** The files of the build that one names: in imports, and in the URLs of threads and processes, but not in messages. */
function filesNamedIn(path: string): NamedFile[] {
  const text = readFileSync(join(root, path), 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '');
  return [
    ...text.matchAll(
      /(?:from |import |import\(|(?<!such as )new URL\(|URL\.parse\()\s*["'`](\.{1,2}\/[^"'`]+\.c?js)["'`]/g,
    ),
  ].map(([, named = '']) => ({ path, named }));
}

test('every link within the documentation leads to something that the tarball has', () => {
  const paths = new Set(files.map((file) => file.path));
  const folders = new Set(files.flatMap((file) => foldersOf(file.path)));
  const leadsSomewhere = ({ target, heading }: Link): boolean =>
    heading === ''
      ? paths.has(target) || folders.has(target)
      : paths.has(target) && headingsOf(target).includes(heading);
  const links = [...paths].filter((path) => path.endsWith('.md')).flatMap(linksOf);

  expect(links.length).toBeGreaterThan(50);
  expect(
    links.filter((link) => !leadsSomewhere(link)).map(({ page, written }) => `${page}: ${written}`),
  ).toEqual([]);

  const planted = [{ target: 'tests/fault' }, { target: 'README.md', heading: 'no-such-heading' }];
  expect(planted.filter((link) => leadsSomewhere({ page: '', written: '', heading: '', ...link }))).toEqual(
    [],
  );
});

interface Link {
  readonly page: string;
  /** As it is written. */
  readonly written: string;
  /** The path in the package. */
  readonly target: string;
  /** The heading that it names; `''` for none. */
  readonly heading: string;
}

/** The relative links of a page, but for those in its blocks of code. */
function linksOf(page: string): Link[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^ *```.*?^ *```$/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, written = '']) => {
    if (/^[a-z]+:/.test(written)) return [];
    const [path = '', heading = ''] = written.split('#');
    const target = path === '' ? page : posix.join(posix.dirname(page), path).replace(/\/$/, '');
    return [{ page, written, target, heading }];
  });
}

/** The headings of a page as links name them. */
function headingsOf(page: string): string[] {
  return [...readFileSync(join(root, page), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** All folders that a path goes through. */
function foldersOf(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}

/** All packages that a production install may bring. */
const expectedPackages = [
  /^holdfast$/,
  /^better-sqlite3$/,
  /^node-addon-api$/,
  /^comlink$/,
  /^piscina$/,
  /^@napi-rs\/nice(-[\w-]+)?$/,
  /^xstate$/,
];

test('an installed tarball brings no package that could use a network', () => {
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "private": true }');
  npm(folder, ...install, `./${tarball}`);

  const manifests = globSync('node_modules/**/package.json', { cwd: folder }).filter(isRootOfPackage);
  const packages = manifests.map((path) => JSON.parse(readFileSync(join(folder, path), 'utf8')));
  process.stdout.write(
    `holdfast, installed:\n${packages.map(({ name, version }) => `  ${name} ${version}\n`).join('')}`,
  );
  expect(packages.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['holdfast', 'better-sqlite3', 'comlink', 'piscina', 'xstate']),
  );
  expect(
    packages.map(({ name }) => name).filter((name) => !expectedPackages.some((each) => each.test(name))),
  ).toEqual([]);
  expect(networkUsers(join(folder, 'node_modules'))).toEqual([]);

  writeFileSync(join(folder, 'node_modules/xstate/planted.cjs'), "const tls = require('tls');\n");
  expect(networkUsers(join(folder, 'node_modules'))).toEqual(['xstate/planted.cjs: tls']);
});

const install = [
  ...['install', '--omit=dev', '--omit=peer'],
  ...['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
];

/** Parts of the package itself that are there to use a network, and that `holdfast/offline` never loads. */
const networkDoors = /^holdfast\/dist\/runtime\/probes\//;

/** `file: module` of every source that names a network module, whether anything loads the file or not. */
function networkUsers(modules: string): string[] {
  const sources = globSync('**/*.{js,cjs,mjs}', { cwd: modules }).filter((path) => !networkDoors.test(path));
  expect(sources.length).toBeGreaterThan(50);
  return sources.flatMap((path) =>
    namedModules(readFileSync(join(modules, path), 'utf8'))
      .filter(isNetworkModule)
      .map((name) => `${path}: ${name}`),
  );
}

/** `node_modules/name/package.json` or `node_modules/@scope/name/package.json`, at any depth of nesting. */
function isRootOfPackage(path: string): boolean {
  return /(^|\/)node_modules\/(@[^/]+\/)?[^/@]+$/.test(dirname(path));
}

const npm = (cwd: string, ...args: string[]): string => run(cwd, 'npm', ...args);

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}
