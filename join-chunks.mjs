// A part of the build: `node join-chunks.mjs doors` after `bundle:doors`, `node join-chunks.mjs threads` after
// `bundle:worker`. esbuild makes a chunk for each set of doors and of modules that are loaded later which share something:
// a door then loads thirty small files at once, a host fifteen. Here those that are loaded together are joined into one file
// each. See docs/decisions/0011-threads-and-doors-start-from-few-files.md.
import { globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { build } from 'esbuild';

const what = process.argv[2];
const folder = resolve({ doors: 'dist/runtime/chunks', threads: 'dist/runtime/threads/chunks' }[what]);
const staticImport = /import (?:\{([^}]*)\} from )?"([^"]+\/chunks\/[^"]+|\.\/[^"/]+)";\n?/g;
const lateImport = /import\("([^"]+)"\)/g;
const exportList = /^export \{([^}]*)\};$/m;

/** Chunks that a file loads at once, in the order in which they are run. */
function loadedAtOnce(file, seen = new Set()) {
  for (const [, , path] of readFileSync(file, 'utf8').matchAll(staticImport)) {
    const chunk = resolve(dirname(file), path);
    if (dirname(chunk) !== folder || seen.has(chunk)) continue;
    loadedAtOnce(chunk, seen);
    seen.add(chunk);
  }
  return seen;
}

const names = (list) =>
  list
    .split(',')
    .map((each) => each.trim().split(' as '))
    .filter(([name]) => name !== '')
    .map(([name, alias = name]) => [name, alias]);

/** For each joined chunk: the file that it is in now, and its exports by the names that they have there. */
const moved = new Map();

async function joinChunks(name, chunks) {
  const file = join(folder, `${name}.js`);
  const taken = new Set();
  const lines = chunks.map((chunk) => {
    const [, list = ''] = exportList.exec(readFileSync(chunk, 'utf8')) ?? [];
    const renamed = new Map();
    for (const [, exported] of names(list)) {
      let unique = exported;
      for (let count = 2; taken.has(unique); count++) unique = `${exported}${count}`;
      taken.add(unique);
      renamed.set(exported, unique);
    }
    moved.set(chunk, { file, renamed });
    const exports = [...renamed].map(([from, to]) => `${from} as ${to}`).join(', ');
    return `import './${basename(chunk)}';\nexport { ${exports} } from './${basename(chunk)}';`;
  });
  const own = new Set(chunks);
  await build({
    stdin: { contents: lines.join('\n'), resolveDir: folder, sourcefile: name },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.14',
    ignoreAnnotations: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [
      {
        name: 'own-chunks',
        setup({ onResolve }) {
          onResolve({ filter: /.*/ }, ({ path, resolveDir }) => {
            const resolved = resolve(resolveDir, path);
            return own.has(resolved) ? { path: resolved } : { path, external: true };
          });
        },
      },
    ],
  });
}

/**
 * Has a file import from the joined files what it imports from their chunks, from each file at once. Its lines stay where
 * source maps say.
 */
function redirect(file) {
  const before = readFileSync(file, 'utf8');
  const bindings = new Map();
  for (const [, list = '', path] of before.matchAll(staticImport)) {
    const target = moved.get(resolve(dirname(file), path));
    if (target === undefined) continue;
    const pairs = names(list).map(([name, local]) => `${target.renamed.get(name)} as ${local}`);
    bindings.set(target.file, [...(bindings.get(target.file) ?? []), ...pairs]);
  }
  const after = before.replace(staticImport, (whole, _, path) => {
    const target = moved.get(resolve(dirname(file), path));
    if (target === undefined) return whole;
    const lines = whole.replaceAll(/[^\n]/g, '');
    const pairs = bindings.get(target.file);
    if (pairs === undefined) return lines;
    bindings.delete(target.file);
    // An import names a module with slashes, also on Windows.
    const to = relative(dirname(file), target.file).replaceAll(sep, '/');
    const from = JSON.stringify(to.startsWith('.') ? to : `./${to}`);
    return `import ${pairs.length === 0 ? '' : `{ ${pairs.join(', ')} } from `}${from};${lines}`;
  });
  if (after !== before) writeFileSync(file, after);
}

const doors = ['store', 'core', 'resilience', 'testing', 'cli', 'container', 'security', 'probes'];
const fileOf = (door) => ({ core: 'index.js', cli: 'cli/main.js' })[door] ?? `${door}/index.js`;

/**
 * Where loading begins, each with the files that are loaded then: a door is one, the first `createRuntime` another, a
 * thread is its worker and its role.
 */
function beginnings() {
  if (what === 'doors') {
    const runtime = ['runtime', globSync(join(folder, 'runtime-*.js'))];
    return [...doors.map((door) => [door, [resolve('dist/runtime', fileOf(door))]]), runtime];
  }
  const worker = resolve('dist/runtime/threads/worker.js');
  return [...readFileSync(worker, 'utf8').matchAll(lateImport)].map(([, path]) => {
    const role = resolve(dirname(worker), path);
    return [basename(role).replace(/-thread-.*/, ''), [worker, role]];
  });
}

/** Who loads each chunk at once. */
const loadersOf = new Map();
for (const [name, files] of beginnings()) {
  const loaded = new Set();
  for (const file of files) for (const chunk of loadedAtOnce(file)) loaded.add(chunk);
  for (const chunk of loaded) {
    // Others need small pieces of what a runtime is made of, and must not load all of it.
    if (name === 'runtime' && statSync(chunk).size > 16_384) continue;
    loadersOf.set(chunk, [...(loadersOf.get(chunk) ?? []), name]);
  }
}

/** Most programs begin with these doors: what they load is in few files. */
const main = new Set(['store', 'core']);
/** These are doors to parts that need little: they load nothing that they do not need. */
const light = new Set(['resilience', 'container', 'security', 'probes']);

/** Nobody minds such a piece, and a file of its own takes longer to load. */
const isTiny = (chunk) => statSync(chunk).size < 512 && !/\bimport\b/.test(readFileSync(chunk, 'utf8'));

/** For whom the file is that a chunk is joined into. No thread loads a library for another one. */
function joinedFor(chunk) {
  const loaders = loadersOf.get(chunk);
  if (what === 'threads') return loaders.length > 1 && loaders.includes('host') ? 'all' : loaders.join('-');
  if (doors.every((door) => loaders.includes(door)) || isTiny(chunk)) return 'all';
  if (loaders.some((door) => light.has(door))) return loaders.join('-');
  const mains = loaders.filter((door) => main.has(door));
  return (mains.length > 0 ? mains : loaders).join('-');
}

/** The path of the first source in a chunk: what is alike stands together, which an application's bundle is smaller for. */
const firstSource = (chunk) => /^\/\/ (.*)$/m.exec(readFileSync(chunk, 'utf8'))?.[1] ?? '';
const bySource = (a, b) => (firstSource(a) < firstSource(b) ? -1 : 1);

for (const [name, chunks] of Map.groupBy(loadersOf.keys(), joinedFor))
  if (chunks.length > 1) await joinChunks(`for-${name}`, chunks.toSorted(bySource));

const files = globSync('dist/runtime/**/*.js').map((file) => resolve(file));
const asked = new Set();
for (const file of files) {
  if (moved.has(file)) continue;
  for (const [, path] of readFileSync(file, 'utf8').matchAll(lateImport))
    asked.add(resolve(dirname(file), path));
  redirect(file);
}
for (const [chunk, { file, renamed }] of moved) {
  rmSync(`${chunk}.map`, { force: true });
  if (asked.has(chunk)) {
    const list = [...renamed].map(([name, to]) => `${to} as ${name}`).join(', ');
    writeFileSync(chunk, `export { ${list} } from "./${basename(file)}";\n`);
  } else rmSync(chunk);
}
