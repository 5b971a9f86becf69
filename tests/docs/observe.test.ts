import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with the files of the page, in which they can be run. */
function folderOfPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-observe-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'holdfast'));
  for (const name of ['xstate', '@opentelemetry'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = readFileSync(join(root, 'docs/how-to/observe.md'), 'utf8');
  for (const [, code = ''] of page.matchAll(/^```ts\n(.*?)^```$/gms))
    writeFileSync(join(folder, /^\/\/ ([\w-]+\.ts)/.exec(code)?.[1] ?? 'other.ts'), code);
  return folder;
}

async function linesOf(program: string, folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: folder });
  return stdout.trim().split('\n');
}

test('the example of how to observe counts and traces what it says', async () => {
  const lines = await linesOf('app.ts', folderOfPage());

  // How far the messages of other threads have come is not for sure.
  expect(lines.filter((line) => !line.startsWith('holdfast.transitions'))).toEqual([
    'holdfast.operations 1 webhooks deliver replayed',
    'holdfast.operations 1 webhooks deliver failed',
    'holdfast.queue.depth 0 webhooks',
    'holdfast.connectivity.online 1 online',
    'place order 0',
    'placed order/7 1 1',
    expect.stringMatching(/^issued invoice\/7 1 [\da-f-]{36} 1$/),
    'holdfast.circuit search isolated closed 0',
  ]);
});

test('the transitions of host threads are counted in the main thread, and a host that was down is a span', async () => {
  const folder = folderOfPage();
  writeFileSync(
    join(folder, 'fragile.ts'),
    `import { defineAggregate } from 'holdfast';
import { createMachine } from 'xstate';
const machine = createMachine({ on: { broken: { actions: () => setTimeout(() => { throw new Error('password=hunter2'); }) } } });
export const fragile = defineAggregate('fragile', { machine });
`,
  );
  writeFileSync(
    join(folder, 'died.ts'),
    `import { subscribe } from 'node:diagnostics_channel';
import { createRuntime } from 'holdfast';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { fragile } from './fragile.ts';
import { invoice } from './domain.ts';
import { meterRuntime, traceRuntime } from './telemetry.ts';
const spans = new InMemorySpanExporter();
traceRuntime(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).getTracer('app'));
const modules = ['./domain.ts', './fragile.ts'].map((name) => new URL(name, import.meta.url));
await using runtime = await createRuntime({ database: 'app.db', modules, hosts: 1 });
const counted = Promise.withResolvers();
const told = [];
const add = (count, { kind, type }) => {
  if (told.push([count, kind, type].join(' ')) === 2) counted.resolve();
};
const meter = { createCounter: () => ({ add }), createObservableGauge: () => ({ addCallback() {} }) };
meterRuntime(meter, runtime, []);
const restarted = new Promise((resolve) => subscribe('holdfast:host:restarted', resolve));
await runtime.actor(invoice, '1').send({ type: 'issued' });
await runtime.actor(fragile, '1').send({ type: 'broken' }, { idempotencyKey: 'once' });
// A host that nobody waits for keeps no process alive.
const alive = setInterval(() => undefined, 60_000);
await restarted;
await counted.promise;
clearInterval(alive);
console.log(told.join(', '));
for (const { name, status, attributes } of spans.getFinishedSpans())
  console.log(name, attributes.cause, status.message.includes('***'), status.message.includes('hunter2'), attributes.restarts);
`,
  );

  const lines = await linesOf('died.ts', folder);

  expect(lines).toEqual(['1 invoice issued, 1 fragile broken', 'holdfast.host.down threw true false 1']);
});
