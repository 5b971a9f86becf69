import type { MessagePort } from 'node:worker_threads';
import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../../actors/definitions/hosted-definition.ts';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { resolveOptions } from '../../options.ts';
import type { Frame } from '../../protocol/append-frame.ts';
import { type AnyBlueprint, handleOf } from '../../protocol/container-blueprint.ts';
import type { HostThreadData } from '../../protocol/host-control.ts';
import {
  type HostRequest,
  readHostRequests,
  writeHostAnswer,
  writeHostRequest,
} from '../../protocol/host-messages.ts';
import { Runtime } from '../../runtime.ts';
import { SqliteEventStoreBackend } from '../../store/sqlite-backend.ts';
import { StoreClient } from '../../threads/store-client.ts';
import type { StoreSurroundings } from '../../threads/store-thread.ts';
import type { ThreadData } from '../../threads/thread.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { simulatedPort } from './simulated-port.ts';

/** What threads do, each from a file of its own as in a process. */
export interface ThreadCode {
  readonly serveHost: typeof import('../../threads/host-thread.ts').serveHost;
  readonly serveReader: typeof import('../../threads/reader-thread.ts').serveReader;
  readonly serveStore: typeof import('../../threads/store-thread.ts').serveStore;
  readonly makeServices: typeof import('../../threads/thread-services.ts').makeServices;
}

/** Loads it. */
export async function loadThreadCode(): Promise<ThreadCode> {
  const [{ serveHost }, { serveReader }, { serveStore }, { makeServices }] = await Promise.all([
    import('../../threads/host-thread.ts'),
    import('../../threads/reader-thread.ts'),
    import('../../threads/store-thread.ts'),
    import('../../threads/thread-services.ts'),
  ]);
  return { serveHost, serveReader, serveStore, makeServices };
}

/** What runs in a simulated process. */
export interface ProcessOptions {
  readonly code: ThreadCode;
  readonly scheduler: Scheduler;
  readonly disk: SimulatedDisk;
  readonly faults: Faults;
  readonly definitions: readonly AnyAggregateDefinition[];
  readonly container: AnyBlueprint | undefined;
  readonly hosts: number;
  readonly onGroup: StoreSurroundings['onGroup'];
  readonly onFault: (kind: string, details: object) => void;
}

/** How long an idle actor stays in memory: by it, the timers are found that a passivation has ring early. */
export const idleMs = 60_000;

const path = 'simulation';

/** Opens a runtime over the disk, as `createRuntime` does. */
export async function openRuntime({ hosts, container }: ProcessOptions): Promise<Runtime> {
  const options = resolveOptions({
    database: path,
    modules: ['simulation:definitions'],
    hosts,
    passivateAfterMs: idleMs,
    ...(container === undefined ? {} : { container }),
  });
  const store = await StoreClient.start({ path, lockTimeoutMs: options.lockTimeoutMs, workerUrl: undefined });
  return new Runtime(SqliteEventStoreBackend.over(path, store), options);
}

/** Does what a thread of a process is for, with the code that real threads run. `number` counts the processes. */
export function serveThread(
  { holdfast: role, control, data }: ThreadData,
  options: ProcessOptions,
  number: number,
): unknown {
  const { disk, definitions, container, code } = options;
  switch (role) {
    case 'store': {
      const identity = { pid: 1, process: `1 ${number}` };
      return code.serveStore(control, data as never, {
        database: disk.connect(),
        identity,
        uptime: () => performance.now(),
        onGroup: options.onGroup,
      });
    }
    case 'reader':
      return code.serveReader(control, data as never, disk.connect());
    case 'host': {
      const given = data as HostThreadData;
      troubleDeliveries(given.requests, options);
      // The memory of the process is none of a thread's, and to trace code would slow down the process for ever.
      const here = { ...given, isTraced: false, externalMemoryMb: Number.POSITIVE_INFINITY };
      return code.serveHost(control, here, async () => ({
        definitions: hosted(definitions),
        hasProjections: false,
        ...(container === undefined || given.container === null
          ? {}
          : { services: await code.makeServices(handleOf(container), given.container) }),
      }));
    }
    default:
      throw holdfastError('HOLDFAST_ERR_INVARIANT', `A simulation has no thread for "${role}".`);
  }
}

/** Definitions made ready to host. One that is refused is thrown. */
export function hosted(
  definitions: readonly AnyAggregateDefinition[],
): ReadonlyMap<string, HostedDefinition> {
  return new Map(definitions.map((definition) => [definition.kind, new HostedDefinition(definition)]));
}

/** Loses deliveries on their way to a host, and doubles them, at once or much later. */
function troubleDeliveries(port: MessagePort, { faults, onFault }: ProcessOptions): void {
  const requests = simulatedPort(port);
  requests.onArrival = (message) => {
    const arrived: Frame = [];
    readHostRequests(message as Frame, (request) => {
      if (request.operation !== 'deliver') return writeHostRequest(arrived, request);
      if (faults.next('lostDelivery') !== undefined) return lose(request);
      writeHostRequest(arrived, request);
      const random = faults.next('duplicateDelivery');
      if (random === undefined) return;
      const afterMs = random.chance(0.5) ? 0 : random.integer(1, 3_000);
      onFault('duplicateDelivery', { ...shownDelivery(request), afterMs });
      if (afterMs === 0) return writeHostRequest(arrived, request);
      const late: Frame = [];
      writeHostRequest(late, request);
      setTimeout(() => requests.receive(late), afterMs);
    });
    return arrived;
  };
  const lose = (request: HostRequest): void => {
    onFault('lostDelivery', shownDelivery(request));
    const answer: Frame = [];
    writeHostAnswer(
      answer,
      request.id,
      holdfastError('HOLDFAST_ERR_TIMEOUT', `The simulation has lost the delivery to ${request.address}.`),
    );
    requests.postMessage(answer);
  };
}

function shownDelivery({ address, name, delivery }: HostRequest): object {
  return { actor: address, type: name, ...delivery?.consumed };
}
