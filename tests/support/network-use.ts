import { type BuildOptions, build, type Metafile } from 'esbuild';

/** Modules of Node.js that can reach a network, or be reached from one. */
const networkModules = [
  ...['net', 'tls', 'dgram', 'dns', 'http', 'https', 'http2', 'quic', 'inspector', 'cluster'],
  ...['_http_agent', '_http_client', '_http_common', '_http_incoming', '_http_outgoing', '_http_server'],
  ...['_tls_common', '_tls_wrap'],
];

const networkGlobals = ['fetch', 'WebSocket', 'WebSocketStream', 'EventSource', 'XMLHttpRequest'];

/** What could load a module that no import names. */
const loaders = ['process.getBuiltinModule', 'process.binding', 'eval', 'Function'];

const markedGlobals = [...networkGlobals, ...networkGlobals.map((name) => `globalThis.${name}`), ...loaders];
const markers = new Map(markedGlobals.map((name, index) => [name, `__use_${index}_of_a_global`]));

/** A bundle, and what in it could use a network. */
export interface InspectedBundle {
  readonly metafile: Metafile;
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Modules that it imports: those of Node.js, and what was declared external. */
  readonly externals: readonly string[];
  /** Names of modules and globals, such as `node:https` and `fetch`; empty is what an offline bundle must be. */
  readonly networkUses: readonly string[];
  /** Names of globals that could load any module, to be explained one by one. */
  readonly hiddenLoaders: readonly string[];
}

/**
 * Bundles with esbuild, which knows every import from its syntax tree. Globals are found by it too: it replaces those
 * that are used, and no local variable of that name, by a marker.
 */
export async function inspectBundle(options: BuildOptions): Promise<InspectedBundle> {
  const { metafile, outputFiles } = await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    splitting: true,
    outdir: '/bundle',
    logLevel: 'silent',
    ...options,
    define: Object.fromEntries(markers),
    metafile: true,
    write: false,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const outputs = outputFiles.map(({ text }) => text).join('\n');
  const { code, loaded } = takeNamedBuiltins(outputs);
  const externals = unique([
    ...imports.filter(({ external }) => external).map(({ path }) => path),
    ...loaded,
  ]);
  const used = markedGlobals.filter((name) => code.includes(markers.get(name) as string));
  return {
    metafile,
    contents: new Map(outputFiles.map(({ path, contents }) => [path.replace(/^\//, ''), contents])),
    externals,
    networkUses: unique([
      ...externals.filter(isNetworkModule),
      ...used.filter((name) => !loaders.includes(name)),
    ]),
    hiddenLoaders: used.filter((name) => loaders.includes(name)),
  };
}

/** A built-in that is loaded by its name, written out, is an import like any other; only a computed name is hidden. */
function takeNamedBuiltins(outputs: string): { code: string; loaded: string[] } {
  const loaded: string[] = [];
  const pattern = new RegExp(`${markers.get('process.getBuiltinModule')}\\(["'\`]([^"'\`]+)["'\`]\\)`, 'g');
  const code = outputs.replace(pattern, (_call, name: string) => {
    loaded.push(name);
    return '';
  });
  return { code, loaded };
}

/** Whether a specifier names a module that can reach a network: `net`, `node:dns/promises`, ... */
export function isNetworkModule(specifier: string): boolean {
  return networkModules.includes(specifier.replace(/^node:/, '').split('/')[0] as string);
}

/** The specifiers of all modules that a source names in a `require`, an `import` or an `export`, wherever it stands. */
export function namedModules(source: string): string[] {
  const pattern = /(?:\brequire\s*\(|\bimport\s*\(|\bfrom\s*|\bimport\s*)\s*(['"`])([^'"`\n]+)\1/g;
  return [...source.matchAll(pattern)].map((match) => match[2] as string);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
