import { importBuilt } from '../fixtures/built-module.ts';
import { idOf } from '../fixtures/commands.ts';
import { readTask, report } from '../measurement.ts';

type Receipt = { outcome: string; version: number; position: number; head: string; reply: null };
type Append = { events: readonly { id: string }[]; expectedVersion: number };
type Host = { receive(request: object): void; readonly residents: number };
type HostOptions = {
  definitions: unknown;
  log: { append(request: Append, settle: (receipt: Receipt) => void): void; load(): Promise<object> };
  residentsMax: number;
  idleMs: number;
  answer(id: number, answer: unknown): void;
  runtimeId: string;
  onEffectFailed(): void;
  onEmitted(): void;
};

const { size } = readTask();
const { ActorHost } = await importBuilt<{ ActorHost: new (options: HostOptions) => Host }>(
  'actors/host/actor-host.js',
);
const { loadDefinitions } = await importBuilt<{ loadDefinitions: (urls: string[]) => Promise<unknown> }>(
  'actors/definitions/load-definitions.js',
);
const empty = {
  types: [],
  schemaVersions: [],
  data: [],
  version: 0,
  head: '',
  position: 0,
  positions: [],
  more: false,
  workOwner: null,
  reply: null,
};
let answered = 0;
let onLast: () => void = () => undefined;
const host = new ActorHost({
  definitions: await loadDefinitions([new URL('../fixtures/domain.ts', import.meta.url).href]),
  // A disk that is always done: only what stays in memory is measured.
  log: {
    append: ({ events, expectedVersion }, settle) => {
      // Strings that were put together are made one when they cross threads.
      structuredClone(events);
      settle({
        outcome: 'appended',
        version: expectedVersion + events.length,
        position: 1,
        head: events.at(-1)?.id ?? '',
        reply: null,
      });
    },
    load: () => Promise.resolve(empty),
  },
  residentsMax: size * 2,
  idleMs: 60_000,
  answer: (_, answer) => {
    if (answer instanceof Error) throw answer;
    if (++answered === size) onLast();
  },
  runtimeId: '',
  onEffectFailed: () => undefined,
  onEmitted: () => undefined,
});

const before = heapUsed();
await new Promise<void>((resolve) => {
  onLast = resolve;
  for (let id = 1; id <= size; id++) host.receive(requestTo(id));
});
const taken = heapUsed() - before;

if (host.residents !== size) throw new Error(`${host.residents} of ${size} actors are in memory.`);
report({ value: taken / 1e6, unit: 'MB', detail: { actors: size, bytesEach: taken / size } });

function requestTo(id: number): object {
  return {
    id,
    operation: 'send',
    address: `account/${idOf(id)}`,
    name: 'deposited',
    payload: JSON.stringify({ amount: id, note: 'opening' }),
    metadata: null,
    expectedVersion: null,
    idempotencyKey: null,
    fingerprint: '',
    delivery: null,
  };
}

function heapUsed(): number {
  for (let times = 0; times < 3; times++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
