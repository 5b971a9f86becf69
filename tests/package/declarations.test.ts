import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-declarations-'));
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/holdfast'));
  for (const name of ['xstate', 'fast-check', 'undici-types', '@types/node'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "name": "library", "type": "module" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

/** Has the compiler write the declarations of a library whose exports have the types that are inferred. */
function declarationsOf(source: string): { said: string; declarations: string } {
  writeFileSync(join(folder, 'library.ts'), source);
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'esnext',
    declaration: true,
    emitDeclarationOnly: true,
    types: ['node'],
    // The folder of the package stays one within node_modules, whose inner files no other package may name.
    preserveSymlinks: true,
    outDir: 'out',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['library.ts'] }));
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  const written = join(folder, 'out/library.d.ts');
  return { said: stdout, declarations: existsSync(written) ? readFileSync(written, 'utf8') : '' };
}

test('a library can export what Holdfast returns, and its types are named by the doors', () => {
  const { said, declarations } = declarationsOf(`
    import { addressOf, defineAggregate, defineProjection, defineReactor, type Runtime, type SupervisionOptions } from 'holdfast';
    import { createContainer, defineContainer, eager, given, lazy } from 'holdfast/container';
    import { InMemoryOperations, pipeline, retry } from 'holdfast/resilience';
    import { streamsOf, EventStore, InMemoryEventStoreBackend } from 'holdfast/store';
    import { defineModel, outcomes, specify } from 'holdfast/testing';
    import { setup } from 'xstate';

    const machine = setup({
      types: {} as { context: { total: number }; events: { type: 'counted'; by: number } },
    }).createMachine({ context: { total: 0 }, on: { counted: {} } });

    export const counter = defineAggregate('counter', {
      machine,
      commands: { add: ({ input }: { input: { by: number } }) => ({ type: 'counted', by: input.by }) },
    });
    export const address = addressOf(counter, 'visits');
    export const named = addressOf('counter', 'visits');
    export const rows = defineProjection('rows', { version: 1, from: [counter], tables: 'create table t (n)', on: {} });
    export const sums = defineProjection('sums', { version: 1, initial: () => ({ sum: 0 }), on: {} });
    export const reactor = defineReactor('reactor', { from: [counter], on: {} });
    export const services = defineContainer().eager('config', () => 1).scoped('user', given<string>());
    export const container = () => createContainer({ config: eager(() => 1), late: lazy(() => 2) });
    export const policies = [retry(), pipeline({})];
    export const store = EventStore.withBackend(new InMemoryEventStoreBackend());
    export const streams = () => streamsOf(store as never);
    export const model = defineModel(machine, {});
    export const specified = specify(counter);
    export const gateway = outcomes(['paid']);

    export const actorOf = (runtime: Runtime) => runtime.actor(counter, 'visits');
    export const execute = (runtime: Runtime) => actorOf(runtime).execute('add', { by: 1 });
    export const snapshotOf = async (runtime: Runtime) => await actorOf(runtime).snapshot();
    export const outbox = (runtime: Runtime) => runtime.storeAndForward('outbox', { send: async (_: { to: string }) => 1 });
    export const breaker = (runtime: Runtime) => runtime.circuitBreaker('search');
    export const timerOf = async (runtime: Runtime) => (await runtime.deadLetters())[0]?.timer;
    export const strategyOf = (options: SupervisionOptions) => options.strategy;

    const operations = new InMemoryOperations();
    type Methods = InMemoryOperations;
    export const enqueued = (...given: Parameters<Methods['enqueue']>) => operations.enqueue(...given);
    export const claimed = (...given: Parameters<Methods['claim']>) => operations.claim(...given);
    export const listed = (...given: Parameters<Methods['list']>) => operations.list(...given);
  `);

  expect(said).toBe('');
  expect(declarations).toContain('import("holdfast").AddressRef');
  expect(declarations).not.toMatch(/holdfast\/(dist|actors|runtime|machines)/);
}, 60_000);

test('its declarations write out no types of Node.js, which differ between versions of @types/node', () => {
  // The compiler quotes what it infers in another way than our sources, whose words it keeps. A channel is one in all versions.
  const writtenOut = (path: string): boolean =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/import\("([^"]+)"\)/g)].some(
      ([, name = '']) => isBuiltin(name) && name !== 'diagnostics_channel',
    );
  const paths = globSync('dist/**/*.d.ts', { cwd: root });

  expect(paths.length).toBeGreaterThan(100);
  expect(paths.filter(writtenOut)).toEqual([]);
});
